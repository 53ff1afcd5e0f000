/**
 * Waits for work that cannot be stopped, or that others wait for too: only this wait is abandoned.
 *
 * @throws what the work throws; the signal's reason once it is aborted, whatever becomes of the work
 */
export async function abandonable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    // In the race even where nobody waits: a failure that nobody hears of would end the process.
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
