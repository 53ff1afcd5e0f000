// Above this a number cannot be a wait in seconds (30 years), so it is a moment.
const UNIX_SECONDS = 1e9;
const UNIX_MILLISECONDS = 1e12;

/**
 * Reads a `Retry-After` header: seconds, an HTTP date, or, as Docker Hub has been seen to send,
 * a unix time.
 *
 * @param now - milliseconds since 1970
 * @returns the wait in milliseconds, `undefined` if the header is absent or says nothing
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= UNIX_MILLISECONDS) return Math.max(0, number - now);
    if (number >= UNIX_SECONDS) return Math.max(0, number * 1000 - now);
    return number * 1000;
  }
  // Anything JavaScript takes for a date must not pass: "-5" is one.
  const date = /^[A-Z][a-z]+,/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
