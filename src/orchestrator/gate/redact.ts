import { Secret } from '../../secret.ts';

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
    .flatMap((secret) => spellings(secret.reveal()))
    .filter((value) => value.length >= SHORTEST)
    // The longest first: a secret may hold another.
    .toSorted((a, b) => b.length - a.length);
  return (line) => {
    const without = known.reduce((text, value) => text.replaceAll(value, REDACTED), line);
    return PATTERNS.reduce((text, [pattern, by]) => text.replace(pattern, by), without);
  };
}

/** How a value may stand in a line: as it is, in JSON, in a URL, in base64, line by line. */
function spellings(value: string): string[] {
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
    ...value.split('\n').map((line) => line.trim()),
  ];
}
