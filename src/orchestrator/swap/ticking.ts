const EVERY_MS = 5000;

/** Waits for `work` and calls `tick` every few seconds meanwhile: a sign of life for who waits. */
export async function ticking<T>(work: Promise<T>, tick: () => void): Promise<T> {
  tick();
  const timer = setInterval(tick, EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
