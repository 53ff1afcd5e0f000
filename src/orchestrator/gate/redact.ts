import { conceal, Secret } from '../../secret.ts';

const REDACTED = '[secret]';

/** Shorter values are words of everyday: taking them out would hide more than it protects. */
const SHORTEST = 6;

/** What looks like a secret whoever wrote it. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // JSON Web Tokens.
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  // Passwords in URLs.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, `$1${REDACTED}@`],
  [
    /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]{3,}/gi,
    `$1${REDACTED}`,
  ],
];

/**
 * A function that takes secrets out of a line that somebody else wrote: the values it knows, and
 * whatever looks like one.
 */
export function redactor(values: Iterable<string | Secret>): (line: string) => string {
  const known = [...values]
    .filter((value) => value instanceof Secret)
    .map((secret) => secret.reveal())
    // Of a secret of several lines each is one: what is shown are lines.
    .flatMap((value) => [value, value.split('\n').map((line) => line.trim())].flat())
    .filter((value) => value.length >= SHORTEST);
  return (line) =>
    PATTERNS.reduce((text, [pattern, by]) => text.replace(pattern, by), conceal(line, known));
}
