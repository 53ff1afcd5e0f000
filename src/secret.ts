/** What is shown in a secret's place. */
const CONCEALED = '[secret]';

/**
 * A value that cannot leak by accident: printing, logging, interpolating or serialising it
 * gives `[secret]`. Only {@link Secret.reveal} returns the value, so a search for that word
 * lists every place where a secret leaves this type.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Hand it to the request that needs it and to nothing else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return CONCEALED;
  }

  toJSON(): string {
    return CONCEALED;
  }
}

/** User and password of a URL, as errors show them; what is taken out already says so. */
const USER_INFO = /(?<=:\/\/)(?!\[secret\]@)[^\s/]*@/g;

/**
 * The text without what stands before the hosts of its URLs. Node 22 names the password of a proxy
 * in full when it makes no tunnel.
 */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(USER_INFO, '');
}

/** Of base64 that holds a secret somewhere, shorter pieces are found anywhere by chance. */
const SHORTEST_PIECE = 8;

/**
 * A text that somebody else wrote without these values, as a service may repeat what it was sent: as
 * they are, in JSON, in a URL or form, in HTML, and within any base64. Values that are empty are ignored;
 * whoever calls leaves out what is too short to be looked for.
 */
export function conceal(text: string, values: Iterable<string>): string {
  const all = [...new Set([...values].flatMap(spellings))]
    .filter((spelling) => spelling !== '')
    // The longest first: one may be part of another.
    .toSorted((a, b) => b.length - a.length)
    .map((spelling) => spelling.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return all.length === 0 ? text : text.replaceAll(new RegExp(all.join('|'), 'g'), CONCEALED);
}

function spellings(value: string): string[] {
  const encoded = encodeURIComponent(value.toWellFormed());
  const inForm = new URLSearchParams({ '': value }).toString().slice(1);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    ...[encoded, inForm].flatMap((each) => [each, each.replaceAll(/%[0-9A-F]{2}/g, lowerCase)]),
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    ...(value === '' ? [] : withinBase64(Buffer.from(value))),
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
