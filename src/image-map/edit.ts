import { isDeepStrictEqual } from 'node:util';
import { isMap, type ParsedNode } from 'yaml';
import { ConfigError, MapStoreError } from '../errors.ts';
import { type MapDocument, parseMapDocument } from './document.ts';
import { identityOf, keyProblem, type MapEntry, valueProblem } from './entry.ts';
import {
  applySplices,
  blockIndent,
  contentEnd,
  insertIntoFlow,
  insertLines,
  lineEnd,
  replaceValue,
  type Splice,
} from './splice.ts';

export type { MapEntry } from './entry.ts';

const SKELETON = `# Where each announced image is pulled from.
# An entry for "repository:tag" is used as it is written. Otherwise an entry for the bare
# "repository" is used, with the announced tag appended. An image without an entry is pulled from
# where it was announced.
# Edit by hand as you like: comments, order and other keys are kept.
`;
const SKELETON_NOTE = '# Quote keys and values: they contain colons.';
const DOCUMENT_END_MARKER = /^\.\.\.(?=\s|$)/m;

/**
 * Sets entries in the text of a map and leaves every other byte as it is: comments, order, quoting,
 * blank lines, line breaks, other keys. A key that stands there in another spelling keeps it. What
 * comes out is parsed again, and must mean the old map with these entries and nothing else.
 *
 * @param text - `undefined` or empty: there is no map yet, and a commented one is begun
 * @param location - names the map in error messages
 * @returns the very same text if it says all this already
 * @throws MapStoreError `MAP_INVALID`: the text is not a valid map, or is laid out in a way in
 * which these entries cannot be set; nothing may overwrite it
 * @throws ConfigError an entry is not one, or two of them contradict each other
 */
export function setEntries(
  text: string | undefined,
  entries: readonly MapEntry[],
  location: string = 'image-map.yaml',
): string {
  const before = parseMapDocument(text ?? '', location);
  const wanted = checkedEntries(entries);
  const splices: Splice[] = [];
  const known = new Set<string>();
  for (const { identity, value, valueNode } of before.entries) {
    const entry = wanted.get(identity);
    known.add(identity);
    if (entry === undefined || entry.value === value) continue;
    splices.push(...replaceValue(before.text, valueNode, JSON.stringify(entry.value)));
  }
  const added = [...wanted].filter(([identity]) => !known.has(identity)).map(([, entry]) => entry);
  if (added.length > 0) splices.push(...insertion(before, added.map(format)));
  if (splices.length === 0) return before.text;
  const edited = applySplices(before.text, splices);
  assertMeaning({ before, wanted, added, edited, location });
  return edited;
}

function checkedEntries(entries: readonly MapEntry[]): ReadonlyMap<string, MapEntry> {
  const wanted = new Map<string, MapEntry>();
  for (const entry of entries) {
    const problem = keyProblem(entry.key) ?? valueProblem(entry.key, entry.value);
    if (problem !== undefined) throw new ConfigError(`cannot be written to the map: ${problem}`);
    const identity = identityOf(entry.key);
    const other = wanted.get(identity);
    if (other !== undefined && other.value !== entry.value) {
      throw new ConfigError(
        `the map cannot send ${JSON.stringify(entry.key)} to both ${JSON.stringify(other.value)} and ${JSON.stringify(entry.value)}: keep one`,
      );
    }
    if (other === undefined) wanted.set(identity, entry);
  }
  return wanted;
}

function format({ key, value }: MapEntry): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

/** Where new entries go: after the last one, or into an `images:` that is made for them. */
function insertion(map: MapDocument, lines: readonly string[]): Splice[] {
  const { text, root, images } = map;
  const list = images?.value ?? null;
  const indent = blockIndent(list);
  if (isMap(list) && indent !== undefined) {
    const last = list.items.at(-1)?.value as ParsedNode;
    const at = lineEnd(text, contentEnd(text, last) - 1);
    return [insertLines(text, at, indented(lines, indent))];
  }
  const rootIndent = blockIndent(root);
  if (rootIndent === undefined) return intoFlowOrEmptyRoot(map, lines);
  if (images === undefined) {
    return appendImages(text, lines, rootIndent);
  }
  if (isMap(list)) {
    const [start, end] = list.range;
    if (!/^\{ *\}$/.test(text.slice(start, end))) return insertIntoFlow(text, list, lines);
    return replaceEmpty(text, list, indented(lines, rootIndent + 2));
  }
  const after = list ?? images.key;
  const below = commentsBelow(text, lineEnd(text, contentEnd(text, after)), rootIndent);
  const entries = indented(lines, below.indent ?? rootIndent + 2);
  const isWritten = list !== null && list.range[1] > list.range[0];
  return isWritten ? replaceEmpty(text, list, entries) : [insertLines(text, below.end, entries)];
}

function intoFlowOrEmptyRoot(map: MapDocument, lines: readonly string[]): Splice[] {
  const { text, root, images } = map;
  if (isMap(root)) {
    if (images === undefined) {
      return insertIntoFlow(text, root, [`"images": {${lines.join(', ')}}`]);
    }
    if (isMap(images.value)) return insertIntoFlow(text, images.value, lines);
    const [start, end] = images.value?.range ?? [text.length, text.length];
    return [{ start, end, text: `${start === end ? ' ' : ''}{${lines.join(', ')}}` }];
  }
  if (text.replace('\uFEFF', '') !== '') return appendImages(text, lines, 0);
  const skeleton = `${SKELETON}images:\n${indented([SKELETON_NOTE, ...lines], 2).join('\n')}\n`;
  return [{ start: text.length, end: text.length, text: skeleton }];
}

function appendImages(text: string, lines: readonly string[], indent: number): Splice[] {
  const marker = DOCUMENT_END_MARKER.exec(text);
  const block = [...indented(['images:'], indent), ...indented(lines, indent + 2)];
  return [insertLines(text, marker?.index ?? text.length, block)];
}

/** Takes away `{}`, `~` or `null` after `images:` and puts lines below; a comment there stays. */
function replaceEmpty(text: string, node: ParsedNode, lines: readonly string[]): Splice[] {
  const [start, end] = node.range;
  const below = lineEnd(text, end);
  const isAlone = text.slice(end, below).trim() === '';
  const gap = isAlone ? (/[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0) : 0;
  return [{ start: start - gap, end, text: '' }, insertLines(text, below, lines)];
}

/** Comments below an empty `images:` that are indented under it are its own: entries follow them. */
function commentsBelow(
  text: string,
  from: number,
  indent: number,
): { readonly end: number; readonly indent: number | undefined } {
  let own: { readonly end: number; readonly indent: number | undefined } = {
    end: from,
    indent: undefined,
  };
  for (let start = from; start < text.length; start = lineEnd(text, start)) {
    const line = text.slice(start, lineEnd(text, start));
    const comment = /^( *)#/.exec(line)?.[1];
    if (comment === undefined && line.trim() !== '') break;
    if (comment === undefined) continue;
    if (comment.length <= indent) break;
    own = { end: lineEnd(text, start), indent: own.indent ?? comment.length };
  }
  return own;
}

function indented(lines: readonly string[], indent: number): string[] {
  return lines.map((line) => `${' '.repeat(indent)}${line}`);
}

function assertMeaning({
  before,
  wanted,
  added,
  edited,
  location,
}: {
  readonly before: MapDocument;
  readonly wanted: ReadonlyMap<string, MapEntry>;
  readonly added: readonly MapEntry[];
  readonly edited: string;
  readonly location: string;
}): void {
  const images = new Map<string, string>([
    ...before.entries.map(
      ({ key, value, identity }) => [key, wanted.get(identity)?.value ?? value] as const,
    ),
    ...added.map(({ key, value }) => [key, value] as const),
  ]);
  const expected = new Map(before.meaning instanceof Map ? before.meaning : []);
  expected.set('images', images);
  let cause: unknown;
  try {
    if (isDeepStrictEqual(parseMapDocument(edited, location).meaning, expected)) return;
  } catch (error) {
    cause = error;
  }
  const line = before.text.slice(0, (before.images?.key ?? before.root)?.range[0] ?? 0).split('\n');
  throw new MapStoreError(
    'MAP_INVALID',
    `${location}:${line.length}: the image map cannot be edited without changing what else it says, and was left untouched. Write each entry on its own line below "images:", without anchors and aliases.`,
    cause,
  );
}
