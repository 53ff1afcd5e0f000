import { abandonable } from './http/clock.ts';
import type { Manifest } from './manifest.ts';
import { formatReference, type DigestReference } from './reference.ts';

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

/**
 * Manifests read in this run, by digest: content that cannot change is fetched once. Kept apart by
 * repository, since a digest known in one says nothing about another holding it. Bounded; what
 * was not used for longest goes first.
 */
export class ManifestCache {
  // A Map keeps the order of insertion: the first is the one not used for longest.
  readonly #manifests = new Map<string, Manifest>();
  readonly #maxBytes: number;
  readonly #reading = new Map<string, Promise<Manifest | undefined>>();
  #bytes = 0;

  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads a manifest that is not held, once for all who want it at the same time. A failure is its
   * own reader's, as is the wish to stop: the next one reads it anew.
   */
  async getOrRead(
    reference: DigestReference,
    read: () => Promise<Manifest | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Manifest | undefined> {
    const key = formatReference(reference);
    for (;;) {
      const known = this.get(reference);
      if (known !== undefined) return known;
      const underWay = this.#reading.get(key);
      if (underWay === undefined) return this.#lead(key, read);
      const settled = underWay.then(
        (manifest) => ({ manifest }),
        () => undefined,
      );
      const answer = await abandonable(settled, signal);
      if (answer !== undefined) return answer.manifest;
    }
  }

  get(reference: DigestReference): Manifest | undefined {
    const key = formatReference(reference);
    const manifest = this.#manifests.get(key);
    if (manifest === undefined) return undefined;
    this.#manifests.delete(key);
    this.#manifests.set(key, manifest);
    return manifest;
  }

  put(reference: DigestReference, manifest: Manifest): void {
    const key = formatReference(reference);
    if (this.#manifests.has(key) || manifest.bytes.byteLength > this.#maxBytes) return;
    this.#manifests.set(key, manifest);
    this.#bytes += manifest.bytes.byteLength;
    for (const [oldest, { bytes }] of this.#manifests) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#manifests.delete(oldest);
      this.#bytes -= bytes.byteLength;
    }
  }

  async #lead(
    key: string,
    read: () => Promise<Manifest | undefined>,
  ): Promise<Manifest | undefined> {
    const reading = read();
    this.#reading.set(key, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(key);
    }
  }
}
