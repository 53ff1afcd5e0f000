import { abandonable } from '../abandonable.ts';

/**
 * Content that cannot change, by a name of it: fetched once, also by those who want it at the same
 * time. Bounded; what was not used for longest goes first.
 */
export class ContentCache<Content> {
  // A Map keeps the order of insertion: the first is the one not used for longest.
  readonly #contents = new Map<string, Content>();
  readonly #reading = new Map<string, Promise<Content | undefined>>();
  readonly #maxBytes: number;
  readonly #sizeOf: (content: Content) => number;
  #bytes = 0;

  constructor(maxBytes: number, sizeOf: (content: Content) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  /**
   * Reads what is not held, once for all who want it at the same time. A failure is its own reader's,
   * as is the wish to stop: the next one reads it anew. What was read is held only if it is `put`.
   */
  async getOrRead(
    key: string,
    read: () => Promise<Content | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Content | undefined> {
    for (;;) {
      const known = this.get(key);
      if (known !== undefined) return known;
      const underWay = this.#reading.get(key);
      if (underWay === undefined) return this.#lead(key, read);
      const answer = await answerOf(underWay, signal);
      if (answer !== undefined) return answer.content;
    }
  }

  /** What is held, or what somebody is just reading; `undefined` if there is neither, or it fails. */
  async getOrJoin(key: string, signal: AbortSignal | undefined): Promise<Content | undefined> {
    const underWay = this.#reading.get(key);
    const known = this.get(key);
    if (known !== undefined || underWay === undefined) return known;
    return (await answerOf(underWay, signal))?.content;
  }

  get(key: string): Content | undefined {
    const content = this.#contents.get(key);
    if (content === undefined) return undefined;
    this.#contents.delete(key);
    this.#contents.set(key, content);
    return content;
  }

  put(key: string, content: Content): void {
    const size = this.#sizeOf(content);
    if (this.#contents.has(key) || size > this.#maxBytes) return;
    this.#contents.set(key, content);
    this.#bytes += size;
    for (const [oldest, old] of this.#contents) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#contents.delete(oldest);
      this.#bytes -= this.#sizeOf(old);
    }
  }

  async #lead(key: string, read: () => Promise<Content | undefined>): Promise<Content | undefined> {
    const reading = read();
    this.#reading.set(key, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(key);
    }
  }
}

/** What somebody else's reading gave; `undefined` if it failed. */
async function answerOf<Content>(
  reading: Promise<Content>,
  signal: AbortSignal | undefined,
): Promise<{ readonly content: Content } | undefined> {
  const settled = reading.then(
    (content) => ({ content }),
    () => undefined,
  );
  return abandonable(settled, signal);
}
