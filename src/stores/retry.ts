import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../options.ts';

const TRIES = 4;
const PAUSE_MS = 200;

/** Repeats what only reads, while it fails for a reason that may pass. */
export async function retried<T>(
  action: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
  { signal }: Options,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (tries === TRIES || signal?.aborted === true || !mayPass(error)) throw error;
    }
    const pause = Math.random() * PAUSE_MS * 2 ** tries;
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}
