// Control characters, line ends, and the marks that turn the direction of text.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Quotes foreign text for a message: in double quotes, cut to `maxLength` characters, and with
 * everything escaped that could move a cursor or forge a log line.
 */
export function quote(text: string, maxLength: number = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return escapeUnprintable(JSON.stringify(cut));
}

/** The text with everything escaped that could move a cursor or forge a log line. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

function escape(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');
}
