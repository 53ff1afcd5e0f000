import { CONCEALED } from './secret.ts';

const SHORTEST = 4;

/** Of base64 that holds a secret somewhere, shorter pieces are found anywhere by chance. */
const SHORTEST_PIECE = 8;

/**
 * A text that somebody else wrote without these values, as a service may repeat what it was sent: as
 * they are, in JSON, in a URL or form, in HTML, and within any base64. Values of less than four
 * characters are left: they keep nothing secret, and may be part of any word.
 */
export function conceal(text: string, values: Iterable<string>): string {
  const secrets = [...values].filter(({ length }) => length >= SHORTEST);
  const all = [...new Set(secrets.flatMap(spellings))]
    // The longest first: one may be part of another.
    .toSorted((a, b) => b.length - a.length)
    .map((spelling) => spelling.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return all.length === 0 ? text : text.replaceAll(new RegExp(all.join('|'), 'g'), CONCEALED);
}

function spellings(value: string): string[] {
  const encoded = encodeURIComponent(value.toWellFormed());
  const inForm = new URLSearchParams({ '': value }).toString().slice(1);
  const inJson = JSON.stringify(value).slice(1, -1);
  return [
    value,
    inJson,
    ...[encoded, inForm].flatMap((each) => [each, each.replaceAll(/%[0-9A-F]{2}/g, lowerCase)]),
    // Within a text that is quoted itself, and as PHP writes it.
    JSON.stringify(inJson).slice(1, -1),
    JSON.stringify(value)
      .slice(1, -1)
      .replaceAll('/', String.raw`\/`),
    // In XML and HTML, and where JSON stands in them.
    ...[value, inJson].map((each) =>
      each.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    ),
    ...[value, inJson].flatMap((each) => withinBase64(Buffer.from(each))),
  ];
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** What base64 has of these bytes wherever they begin within it, in both of its alphabets. */
function withinBase64(bytes: Buffer): string[] {
  const pieces = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = text.replace(/=+$/, '');
    // A character at either end that also carries bits of the neighbour is another one each time.
    const end = whole.length === text.length ? whole.length : whole.length - 1;
    return whole.slice(before === 0 ? 0 : before + 1, end);
  });
  const all = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, ''), ...pieces];
  return all
    .filter(({ length }) => length >= SHORTEST_PIECE)
    .flatMap((piece) => [piece, piece.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** What looks like a secret whoever wrote it. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // JSON Web Tokens.
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, CONCEALED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${CONCEALED}`],
  // Passwords in URLs.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, `$1${CONCEALED}@`],
  [
    /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]{3,}/gi,
    `$1${CONCEALED}`,
  ],
];

/** As {@link conceal}, and without what looks like a secret although nobody here knows it. */
export function concealLikely(text: string, values: Iterable<string>): string {
  return PATTERNS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), conceal(text, values));
}
