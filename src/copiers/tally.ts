import type { Descriptor } from '../registry/manifest.ts';
import type { Digest } from '../registry/reference.ts';
import type { CopyOptions, CopyResult } from './image-copier.ts';

/** How a blob got to where it is wanted. */
export type BlobOutcome = 'uploaded' | 'mounted' | 'present';

/** Counts what one copy has done and has still to do, each blob once. */
export class Tally {
  manifests = 0;
  readonly #onProgress: CopyOptions['onProgress'];
  readonly #blobs = new Map<Digest, { done: number; outcome?: BlobOutcome }>();
  #total = 0;
  #done = 0;
  #uploaded = 0;

  constructor(onProgress: CopyOptions['onProgress']) {
    this.#onProgress = onProgress;
  }

  /** Whether anybody looks at the bytes on their way. */
  get isWatched(): boolean {
    return this.#onProgress !== undefined;
  }

  /** Takes note of a blob this copy needs. */
  expect(blob: Descriptor): void {
    if (this.#blobs.has(blob.digest)) return;
    this.#blobs.set(blob.digest, { done: 0 });
    this.#total += blob.size;
    this.#report();
  }

  /** So many bytes of a blob have been sent, this time. */
  sent(blob: Descriptor, bytes: number): void {
    const entry = this.#blobs.get(blob.digest);
    if (entry === undefined || entry.outcome !== undefined) return;
    this.#done += bytes - entry.done;
    entry.done = bytes;
    this.#report();
  }

  /** A blob is where it is wanted. */
  settle(blob: Descriptor, outcome: BlobOutcome): void {
    const entry = this.#blobs.get(blob.digest);
    if (entry === undefined || entry.outcome !== undefined) return;
    this.sent(blob, blob.size);
    entry.outcome = outcome;
    if (outcome === 'uploaded') this.#uploaded += blob.size;
  }

  /** What the copy came to. */
  result(): Pick<CopyResult, 'manifests' | 'blobs' | 'bytes'> {
    const outcomes = [...this.#blobs.values()].map(({ outcome }) => outcome);
    const count = (wanted: BlobOutcome): number =>
      outcomes.filter((outcome) => outcome === wanted).length;
    return {
      manifests: this.manifests,
      blobs: {
        uploaded: count('uploaded'),
        mounted: count('mounted'),
        present: count('present'),
      },
      bytes: this.#uploaded,
    };
  }

  #report(): void {
    this.#onProgress?.({ totalBytes: this.#total, doneBytes: this.#done });
  }
}
