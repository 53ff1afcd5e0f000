/** Deeper than anybody nests; what walks through a value by recursion stays within its stack. */
const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Parses JSON that every reader understands alike. Readers differ about a name that stands twice in one
 * object, about bytes that are no UTF-8 and about a byte order mark: what one takes for the meaning need
 * not be what another does (RFC 8259, sections 4 and 8.1; CVE-2021-41190 was such a difference).
 *
 * @throws Error saying what is wrong, without repeating any of it
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the text around the fault.
    throw new Error('it is not JSON', { cause: error });
  }
  assertPlain(text);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error('it is not UTF-8', { cause: error });
  }
}

/** Walks through text that is known to be JSON: so every token is where it may be. */
function assertPlain(text: string): void {
  /** The names in each object that is open; `undefined` for a list. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case OPEN_OBJECT:
      case OPEN_LIST: {
        const isObject = text.charCodeAt(at) === OPEN_OBJECT;
        open.push(isObject ? new Set() : undefined);
        if (open.length > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH}`);
        isName = isObject;
        break;
      }
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        break;
      case COMMA:
        isName = open.at(-1) !== undefined;
        break;
      case COLON:
        isName = false;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        if (isName) assertNew(open.at(-1), text.slice(at, end + 1));
        at = end;
        break;
      }
      default:
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

function assertNew(names: Set<string> | undefined, written: string): void {
  // One name may be written in several ways, with escapes or without.
  const name = written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1);
  if (names?.has(name) === true) throw new Error('it has a name twice in one object');
  names?.add(name);
}
