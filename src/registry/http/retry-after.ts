// Above this a number cannot be a wait in seconds (30 years), so it is a moment.
const UNIX_SECONDS = 1e9;
const UNIX_MILLISECONDS = 1e12;
/** Longer than anybody waits, and a moment that a date can still name. */
const LONGEST_MS = 365 * 24 * 60 * 60_000;

/**
 * Reads a `Retry-After` header: seconds, an HTTP date, or, as Docker Hub has been seen to send,
 * a unix time.
 *
 * @param now - milliseconds since 1970
 * @returns the wait in milliseconds, a year at most; `undefined` if the header is absent or says nothing
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const wait = parseWait(value, now);
  return wait === undefined ? undefined : Math.min(Math.max(0, wait), LONGEST_MS);
}

function parseWait(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= UNIX_MILLISECONDS) return number - now;
    if (number >= UNIX_SECONDS) return number * 1000 - now;
    return number * 1000;
  }
  // Anything JavaScript takes for a date must not pass: "-5" is one.
  const date = /^[A-Z][a-z]+,/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - now;
}
