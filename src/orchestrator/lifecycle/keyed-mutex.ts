import type { Options } from '../../options.ts';
import { abandonable } from '../../abandonable.ts';

/** Runs what belongs to one key one after the other, in the order of asking; keys do not wait for each other. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** @throws the signal's reason, if it is aborted before the turn comes; `work` then never begins */
  async run<T>(key: string, work: () => Promise<T>, { signal }: Options = {}): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const done = Promise.withResolvers<void>();
    // Who gives up waiting keeps its place in the queue until its turn, and passes it on then.
    const tail = before.then(async () => done.promise);
    this.#tails.set(key, tail);
    try {
      await abandonable(before, signal);
      return await work();
    } finally {
      done.resolve();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
