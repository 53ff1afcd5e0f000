import type { LimitFunction } from 'p-limit';

/** A place among the streams open at once: taken when bytes begin to flow, given back in the end. */
export class StreamSlot {
  readonly #limit: LimitFunction;
  #isClosed = false;
  #isTaken = false;
  readonly #closed = Promise.withResolvers<void>();

  constructor(limit: LimitFunction) {
    this.#limit = limit;
  }

  /** Waits for a place; taking it again, for another try, is no second place. */
  async take(): Promise<void> {
    if (this.#isTaken) return;
    this.#isTaken = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    void this.#limit(async () => {
      resolve();
      await this.#closed.promise;
    });
    await promise;
    if (this.#isClosed) throw new Error('the transfer was over before its turn came');
  }

  /** Gives the place back, or up. */
  close(): void {
    this.#isClosed = true;
    this.#closed.resolve();
  }
}
