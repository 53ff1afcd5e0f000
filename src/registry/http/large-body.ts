/** An answer whose body is worth going around the parser. */
export interface ShortenedAnswer {
  /** The head, with the length of another body: {@link end}. */
  readonly head: Buffer;
  /** What ends the answer as the parser knows it. */
  readonly end: Buffer;
  /** Of the body itself, as much as came with the head; lies where the head was read. */
  readonly body: Buffer;
  /** Length of the whole body. */
  readonly bodyBytes: number;
}

/** Smaller bodies are not worth it. More than is read at once, so that one never ends with its head. */
export const LARGE_BYTES: number = 128 * 1024;

const END_OF_HEAD = '\r\n\r\n';
const SUCCESS = /^HTTP\/1\.1 20[06] /;
const LENGTH = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?=\r\n)/gi;
const OTHERWISE_FRAMED = /\r\ntransfer-encoding[ \t]*:/i;
const LENGTH_LINE = /\r\ncontent-length/gi;
const ONE_BYTE = Buffer.from('.');

/**
 * Takes a large body out of an answer: what is left for the parser is the same head with a body of
 * one byte, to be passed to it once the real one has come. So the parser still reads every head, and
 * knows when the connection is free again.
 *
 * @param bytes - the first of an answer that came
 * @returns `undefined` for every other answer: small, a failure, framed in another way, or with a
 *   head that is not there in full
 */
export function shortenBody(bytes: Buffer): ShortenedAnswer | undefined {
  const length = bytes.indexOf(END_OF_HEAD, 0, 'latin1');
  if (length === -1) return undefined;
  const bodyAt = length + END_OF_HEAD.length;
  const text = bytes.toString('latin1', 0, bodyAt);
  if (!SUCCESS.test(text) || OTHERWISE_FRAMED.test(text)) return undefined;
  const [named, ...others] = text.matchAll(LENGTH);
  const isUnclear = others.length > 0 || text.match(LENGTH_LINE)?.length !== 1;
  const bodyBytes = Number(named?.[1] ?? 0);
  if (isUnclear || bodyBytes < LARGE_BYTES) return undefined;
  const head = text.replace(LENGTH, `\r\nContent-Length: ${ONE_BYTE.byteLength}`);
  return {
    head: Buffer.from(head, 'latin1'),
    end: ONE_BYTE,
    body: bytes.subarray(bodyAt),
    bodyBytes,
  };
}
