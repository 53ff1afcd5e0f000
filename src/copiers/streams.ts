/** The streams open at once: so many, and of those that wait the largest goes first. */
export class Streams {
  #free: number;
  readonly #waiting: Waiting[] = [];

  /** @param most - how many may be open at once */
  constructor(most: number) {
    this.#free = most;
  }

  /** A place for one transfer; nothing is taken yet. */
  slot(bytes: number): StreamSlot {
    return new StreamSlot(this, bytes);
  }

  async take(bytes: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const place = this.#waiting.findIndex((other) => other.bytes < bytes);
    const waiting = { bytes, go: resolve };
    if (place === -1) this.#waiting.push(waiting);
    else this.#waiting.splice(place, 0, waiting);
    await promise;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.go();
  }
}

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/** A place among the streams open at once: taken when bytes begin to flow, given back in the end. */
export class StreamSlot {
  readonly #streams: Streams;
  readonly #bytes: number;
  #isClosed = false;
  #taking: Promise<void> | undefined;

  constructor(streams: Streams, bytes: number) {
    this.#streams = streams;
    this.#bytes = bytes;
  }

  /** Waits for a place; taking it again, for another try, is no second place. */
  async take(): Promise<void> {
    this.#taking ??= this.#streams.take(this.#bytes);
    await this.#taking;
    if (this.#isClosed) throw new Error('the transfer was over before its turn came');
  }

  /** Gives the place back, or up. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    void this.#taking?.then(() => this.#streams.give());
  }
}
