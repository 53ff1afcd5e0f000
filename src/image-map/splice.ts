import { isMap, type ParsedNode, type YAMLMap } from 'yaml';

/** Replaces `text[start, end)`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies splices that do not overlap; everything outside them stays. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let from = 0;
  // Of two at one place the first stays first.
  for (const { start, end, text: piece } of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(from, start), piece);
    from = end;
  }
  return [...pieces, text.slice(from)].join('');
}

/** Where the line of `offset` ends, its line break included. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline + 1;
}

/** Where the line of `offset` starts; a byte order mark is not part of the first line. */
export function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start;
}

/** The line break in use around an offset. */
export function lineBreakAt(text: string, offset: number): string {
  const before = offset === 0 ? -1 : text.lastIndexOf('\n', offset - 1);
  const newline = before === -1 ? text.indexOf('\n') : before;
  return newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n';
}

/** Inserts whole lines at the start of a line, or after a last line that has no line break. */
export function insertLines(text: string, offset: number, lines: readonly string[]): Splice {
  const eol = lineBreakAt(text, offset);
  const head = offset === lineStart(text, offset) ? '' : eol;
  return { start: offset, end: offset, text: `${head}${lines.join(eol)}${eol}` };
}

/** Where a node's own characters end: a block scalar's range takes in the blank lines after it. */
export function contentEnd(text: string, node: ParsedNode): number {
  const [start, end] = node.range;
  return start + text.slice(start, end).trimEnd().length;
}

/** Replaces a scalar or alias by `replacement`, leaving comments and blank lines where they are. */
export function replaceValue(text: string, node: ParsedNode, replacement: string): Splice[] {
  const [start, end] = node.range;
  if (node.srcToken?.type !== 'block-scalar') return [{ start, end, text: replacement }];
  // "key: >- # comment" and the lines below it: the header and those lines go, the comment stays.
  const header = /^[|>][-+\d]*/.exec(text.slice(start, end))?.[0] ?? '';
  const body = lineEnd(text, start);
  return [
    { start, end: start + header.length, text: replacement },
    { start: body, end: Math.max(body, lineEnd(text, contentEnd(text, node) - 1)), text: '' },
  ];
}

/** Adds items to `{…}`, in the layout it has: on one line, or one item a line. */
export function insertIntoFlow(text: string, map: YAMLMap, items: readonly string[]): Splice[] {
  const [open, end] = map.range ?? [0, 0];
  const close = end - 1;
  const last = map.items.at(-1);
  if (last === undefined) return [{ start: open + 1, end: open + 1, text: items.join(', ') }];
  const key = last.key as ParsedNode;
  const lastEnd = Math.max(key.range[1], (last.value as ParsedNode | null)?.range[1] ?? 0);
  const tail = text.slice(lastEnd, close);
  const comma = tail.replaceAll(/#[^\n]*/g, (comment) => ' '.repeat(comment.length)).indexOf(',');
  const newline = tail.indexOf('\n', Math.max(comma, 0));
  if (newline === -1) {
    return comma === -1
      ? [{ start: lastEnd, end: lastEnd, text: `, ${items.join(', ')}` }]
      : [{ start: lastEnd + comma + 1, end: lastEnd + comma + 1, text: ` ${items.join(', ')},` }];
  }
  const eol = tail[newline - 1] === '\r' ? '\r\n' : '\n';
  const at = lastEnd + newline + 1 - eol.length;
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, key.range[0])))?.[0] ?? '';
  const lines = items.map((item) => `${eol}${indent}${item}`).join(',');
  const separator = { start: lastEnd, end: lastEnd, text: ',' };
  return comma === -1
    ? [separator, { start: at, end: at, text: lines }]
    : [{ start: at, end: at, text: `${lines},` }];
}

/** The column a block map's items start at; `undefined` for a map in braces. */
export function blockIndent(node: ParsedNode | null): number | undefined {
  const token = isMap(node) ? node.srcToken : undefined;
  return token?.type === 'block-map' ? token.indent : undefined;
}
