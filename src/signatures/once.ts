import { abandonable } from '../abandonable.ts';

/**
 * Answers that are found once. One caller asks, the others wait; a failure, or the wish to stop,
 * is that caller's own, and the next one asks anew.
 */
export class Once<T> {
  readonly #answers = new Map<string, Promise<T>>();

  async get(key: string, ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const known = this.#answers.get(key);
      if (known === undefined) return await this.#lead(key, ask);
      const settled = known.then(
        (value) => ({ value }),
        () => undefined,
      );
      const answer = await abandonable(settled, signal);
      if (answer !== undefined) return answer.value;
    }
  }

  async #lead(key: string, ask: () => Promise<T>): Promise<T> {
    const asked = ask();
    this.#answers.set(key, asked);
    try {
      return await asked;
    } catch (error) {
      this.#answers.delete(key);
      throw error;
    }
  }
}
