/** Which part of a content an answer is. */
export interface ContentRange {
  /** Position of its first byte, from 0. */
  readonly start: number;
  /** Position of its last byte. */
  readonly end: number;
  /** Bytes of the whole content; `undefined` where the answer does not say. */
  readonly total: number | undefined;
}

/**
 * Reads a `Content-Range` header, RFC 9110, 14.4.
 *
 * @returns `undefined` if it names no part that there can be
 */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const found = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(header ?? '');
  if (found === null) return undefined;
  const [start = Number.NaN, end = Number.NaN] = [found[1], found[2]].map(Number);
  const total = found[3] === '*' ? undefined : Number(found[3]);
  const isPart = start <= end && end < (total ?? Infinity);
  return isPart && Number.isSafeInteger(total ?? end) ? { start, end, total } : undefined;
}
