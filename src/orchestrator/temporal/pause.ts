import type { Clock } from '../../registry/http/clock.ts';

/** Sleeps, or less if the signal ends it: then, too, it resolves. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What the work comes to, or `undefined` if it takes longer. */
export async function withinMs<T>(
  work: Promise<T>,
  ms: number,
  clock: Clock,
): Promise<T | undefined> {
  const done = new AbortController();
  const tooLong = (async () => {
    await pause(ms, clock, done.signal);
    return undefined;
  })();
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    done.abort();
  }
}
