import type { Options } from '../options.ts';
import type { DigestReference, TagReference } from '../registry/reference.ts';
import type { CopyOptions } from './image-copier.ts';
import { Tally } from './tally.ts';

/** One copy under way: where from, where to, how far, and whether it still makes sense. */
export class CopySession {
  readonly source: DigestReference;
  readonly target: TagReference;
  readonly tally: Tally;
  /** Whether a manifest that is there says nothing of what it refers to. */
  readonly repairs: boolean;
  /** For requests: they are abandoned only with the whole copy. */
  readonly options: Options;
  /**
   * Aborted as well once a part of the copy has failed: nothing new is begun then, but what is on
   * its way arrives, for other images wait for the same blobs and the next run finds them there.
   */
  readonly stopped: AbortSignal;
  readonly #failure = new AbortController();

  constructor(source: DigestReference, target: TagReference, options: CopyOptions) {
    const { signal, onProgress, repair = false } = options;
    this.source = source;
    this.target = target;
    this.tally = new Tally(onProgress);
    this.repairs = repair;
    this.options = signal === undefined ? {} : { signal };
    this.stopped = AbortSignal.any([
      this.#failure.signal,
      ...(signal === undefined ? [] : [signal]),
    ]);
  }

  /**
   * Waits for all parts, failed ones included, so that nothing goes on behind the caller's back.
   *
   * @throws the first failure of any part
   */
  async all<T extends readonly unknown[]>(
    parts: readonly [...{ [K in keyof T]: T[K] | Promise<T[K]> }],
  ): Promise<T> {
    const settled = await Promise.allSettled(parts.map((part) => this.#watch(part)));
    if (settled.some(({ status }) => status === 'rejected')) this.stopped.throwIfAborted();
    return settled.map(
      (result) => (result as PromiseFulfilledResult<unknown>).value,
    ) as unknown as T;
  }

  async #watch(part: unknown): Promise<unknown> {
    try {
      return await part;
    } catch (error) {
      this.#failure.abort(error);
      throw error;
    }
  }
}
