import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  type ParsedNode,
  type Scalar,
  visit,
} from 'yaml';
import { errorMessage, MapStoreError } from '../errors.ts';
import { nestingProblem } from '../yaml-nesting.ts';
import { findDuplicateKeys } from './duplicate-keys.ts';
import { identityOf, keyProblem, type MapEntry, valueProblem } from './entry.ts';

/** Far above any real map; a larger file is something else. */
export const MAX_MAP_CHARACTERS: number = 8 * 1024 * 1024;

export type MapPair = Pair<ParsedNode, ParsedNode | null>;

/** An entry and where its value stands. */
export interface LocatedEntry extends MapEntry {
  /** Equal for all spellings of the same key. */
  readonly identity: string;
  readonly valueNode: ParsedNode;
}

/** A valid map's text, understood. */
export interface MapDocument {
  readonly text: string;
  readonly root: ParsedNode | null;
  /** The `images:` pair; `undefined` where the file has none. */
  readonly images: MapPair | undefined;
  readonly entries: readonly LocatedEntry[];
  /** Everything the file says, `images` included, for comparing meanings. */
  readonly meaning: unknown;
}

type Report = (offset: number, message: string) => void;

/**
 * Parses and checks the text of a map.
 *
 * @param location - names the map in messages
 * @throws MapStoreError `MAP_INVALID` listing every problem with line and column
 */
export function parseMapDocument(text: string, location: string): MapDocument {
  const lines = new LineCounter();
  const problems: { readonly offset: number; readonly message: string }[] = [];
  const report: Report = (offset, message) => void problems.push({ offset, message });
  const document = readYaml(text, lines, report);
  const root = document?.contents ?? null;
  const images = imagesOf(root, report);
  const entries = document === undefined ? [] : entriesOf(document, images, report);
  const meaning = problems.length === 0 ? meaningOf(document, report) : undefined;
  if (problems.length > 0) {
    const described = problems
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, message }) => {
        const { line, col } = lines.linePos(Math.min(offset, text.length));
        return `${location}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}`;
      });
    throw new MapStoreError(
      'MAP_INVALID',
      `the image map is not valid and was left untouched; mend it by hand:\n${described.join('\n')}`,
    );
  }
  return { text, root, images, entries, meaning };
}

function readYaml(text: string, lines: LineCounter, report: Report): Document.Parsed | undefined {
  if (text.length > MAX_MAP_CHARACTERS) {
    report(0, `larger than ${MAX_MAP_CHARACTERS} characters: this is not an image map`);
    return undefined;
  }
  const nesting = nestingProblem(text);
  if (nesting !== undefined) {
    report(0, `not readable as YAML: ${nesting}`);
    return undefined;
  }
  try {
    const document = parseDocument(text, {
      keepSourceTokens: true,
      // Looked for below, in a time that is in proportion.
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: false,
    });
    for (const error of document.errors) {
      report(
        error.pos[0],
        error.code === 'MULTIPLE_DOCS'
          ? 'a second YAML document starts here ("---"): a map is one document'
          : error.message,
      );
    }
    findDuplicateKeys(document, (key) => report(key.range[0], 'Map keys must be unique'));
    return document;
  } catch (error) {
    // The parser recurses: what it made of the text may be too deep for the stack.
    report(0, `not readable as YAML: ${errorMessage(error)}`);
    return undefined;
  }
}

function imagesOf(root: ParsedNode | null, report: Report): MapPair | undefined {
  if (root === null || (isScalar(root) && root.value === null)) return undefined;
  if (!isMap(root)) {
    report(root.range[0], 'the file must be a mapping with the key "images:"');
    return undefined;
  }
  let images: MapPair | undefined;
  for (const pair of root.items as MapPair[]) {
    if (keySource(pair) === '<<') report(pair.key.range[0], keyProblem('<<') ?? '');
    if (isScalar(pair.key) && pair.key.value === 'images') images ??= pair;
  }
  return images;
}

function entriesOf(
  document: Document.Parsed,
  images: MapPair | undefined,
  report: Report,
): LocatedEntry[] {
  const map = images?.value;
  if (images === undefined || map === null || map === undefined) return [];
  if (isScalar(map) && map.value === null) return [];
  if (!isMap(map)) {
    report(
      map.range[0],
      '"images:" must hold entries of the form "repository:tag": "where/it/is:tag"',
    );
    return [];
  }
  const entries: LocatedEntry[] = [];
  const byIdentity = new Map<string, LocatedEntry>();
  for (const pair of map.items as MapPair[]) {
    const entry = entryOf(document, pair, report);
    if (entry === undefined) continue;
    const twin = byIdentity.get(entry.identity);
    // The same key spelled the same is already reported by the parser.
    if (twin !== undefined && twin.key !== entry.key && twin.value !== entry.value) {
      report(
        pair.key.range[0],
        `${JSON.stringify(entry.key)} and ${JSON.stringify(twin.key)} are the same reference with different values: keep one`,
      );
    }
    byIdentity.set(entry.identity, entry);
    entries.push(entry);
  }
  return entries;
}

function entryOf(
  document: Document.Parsed,
  pair: MapPair,
  report: Report,
): LocatedEntry | undefined {
  const key = keySource(pair) === '<<' ? '<<' : isScalar(pair.key) ? pair.key.value : undefined;
  if (typeof key !== 'string') {
    report(pair.key.range[0], 'a key must be an image reference in quotes');
    return undefined;
  }
  const badKey = keyProblem(key);
  if (badKey !== undefined) {
    report(pair.key.range[0], badKey);
    return undefined;
  }
  const node = pair.value;
  const resolved = isAlias(node) ? node.resolve(document) : node;
  if (node === null || !isScalar(resolved) || typeof resolved.value !== 'string') {
    report(
      node?.range[0] ?? pair.key.range[0],
      `the value of ${JSON.stringify(key)} must be an image reference in quotes`,
    );
    return undefined;
  }
  const badValue = valueProblem(key, resolved.value);
  if (badValue !== undefined) report(node.range[0], badValue);
  return { key, value: resolved.value, identity: identityOf(key), valueNode: node };
}

function keySource(pair: MapPair): string | undefined {
  return isScalar(pair.key) ? (pair.key as Scalar).source : undefined;
}

function meaningOf(document: Document.Parsed | undefined, report: Report): unknown {
  if (document === undefined) return undefined;
  try {
    let isComplete = true;
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return;
        isComplete = false;
        report(alias.range?.[0] ?? 0, `"*${alias.source}" refers to an anchor that does not exist`);
      },
    });
    if (!isComplete) return undefined;
    // The default bound on aliases refuses "billion laughs"; a Map tells 1 from "1" in keys.
    return document.toJS({ mapAsMap: true });
  } catch (error) {
    report(0, `not readable as YAML: ${errorMessage(error)}`);
    return undefined;
  }
}
