/** Something that was started and has to be stopped, such as a server. */
export interface Stoppable {
  readonly stop: () => Promise<void>;
}

/** What a suite has to end: whatever was started by the time that something fails. */
export class Endings {
  readonly #endings: (() => Promise<void>)[] = [];

  add(end: () => Promise<void>): void {
    this.#endings.push(end);
  }

  /** Ends all of it, the latest first, whatever becomes of the others. @throws the first error */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const end of this.#endings.splice(0).toReversed()) {
      await end().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** Waits for what starts side by side; if some of it does not, the rest is stopped. */
export async function allStarted<First extends Stoppable, Second extends Stoppable>(
  first: Promise<First>,
  second: Promise<Second>,
): Promise<[First, Second]> {
  // A server that is left running keeps the file of the test from ending.
  const started = await Promise.allSettled([first, second]);
  if (started.some(({ status }) => status === 'rejected')) {
    for (const each of started) if (each.status === 'fulfilled') await each.value.stop();
  }
  return Promise.all([first, second]);
}
