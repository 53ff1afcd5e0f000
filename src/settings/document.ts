import {
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import type { ConfigIssue } from '../errors.ts';
import { nestingProblem } from '../yaml-nesting.ts';
import type { SettingPath } from './path.ts';
import { describeYamlError } from './yaml-error.ts';

/** A setting's place, as a {@link ConfigIssue} has it. */
export type Place = Pick<ConfigIssue, 'file' | 'line' | 'column'>;

/** A parsed configuration file. */
export interface ConfigDocument {
  /** Plain data: maps as objects without prototype, nothing expanded yet. */
  readonly value: unknown;
  /** What is wrong with the YAML. Of a text with a syntax error there is no value. */
  readonly issues: readonly ConfigIssue[];
  /** Whether a setting is written down. */
  has(path: SettingPath): boolean;
  /** The place of a setting, or of the nearest one above it that is written down. */
  locate(path: SettingPath, part: 'key' | 'value'): Place;
}

// Aliases multiply: a file of a few lines can stand for gigabytes.
const MAX_NODES = 10_000;
/** Deeper than any setting stands; what goes through them by recursion stays within its stack. */
const MAX_DEPTH = 50;

/** Parses YAML, keeping every place. `file` is how messages call it. */
export function parseConfigDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const nesting = nestingProblem(text);
  const document = parseDocument(nesting === undefined ? text.replace(/^\u{feff}/u, '') : '', {
    lineCounter: lines,
    prettyErrors: false,
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const issues = syntaxIssues([...document.errors, ...document.warnings], text, placeOf);
  if (nesting !== undefined)
    issues.push({ ...placeOf(0), message: `this is not YAML: ${nesting}` });
  const isFatal =
    nesting !== undefined || document.errors.some(({ code }) => code !== 'DUPLICATE_KEY');
  const complain = (node: Node | undefined, message: string): undefined => {
    issues.push({ ...placeOf(node?.range?.[0] ?? 0), message });
  };
  return {
    value: isFatal ? undefined : toPlain(document, complain),
    issues,
    has: (path) => find(document, path, 'value').isExact,
    locate: (path, part) => placeOf(find(document, path, part).offset),
  };
}

/** One problem a line: after the first the parser only stumbles on. */
function syntaxIssues(
  errors: Document.Parsed['errors' | 'warnings'],
  text: string,
  placeOf: (offset: number) => Place,
): ConfigIssue[] {
  const lines = text.split('\n');
  const byLine = new Map<number, ConfigIssue>();
  for (const error of errors) {
    const place = placeOf(error.pos[0]);
    const line = place.line ?? 0;
    if (byLine.has(line)) continue;
    byLine.set(line, { ...place, message: describeYamlError(error, lines[line - 1] ?? '') });
  }
  return [...byLine.values()];
}

function toPlain(
  document: Document.Parsed,
  complain: (node: Node | undefined, message: string) => undefined,
): unknown {
  let nodes = 0;
  const ancestors: unknown[] = [];
  const below = <T>(node: Node, read: () => T): T => {
    ancestors.push(node);
    const value = read();
    ancestors.pop();
    return value;
  };
  const convert = (node: unknown): unknown => {
    nodes += 1;
    if (nodes > MAX_NODES) return undefined;
    if (ancestors.length > MAX_DEPTH) {
      return complain(isNode(node) ? node : undefined, `it is nested deeper than ${MAX_DEPTH}`);
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined)
        return complain(
          node,
          'no such anchor stands above; a text that starts with "*" needs quotes',
        );
      if (ancestors.includes(target)) return complain(node, 'this alias contains itself');
      return convert(target);
    }
    if (isSeq(node)) return below(node, () => node.items.map(convert));
    if (isMap(node)) {
      const entries = below(node, () =>
        node.items.map((pair) => [keyOf(pair), convert(pair.value)] as const),
      );
      // Without a prototype, so that a key `__proto__` is a key like any other.
      return Object.assign(Object.create(null), Object.fromEntries(entries));
    }
    return isScalar(node) ? node.value : null;
  };
  const value = convert(document.contents);
  return nodes > MAX_NODES
    ? complain(undefined, `it stands for more than ${MAX_NODES} values; use fewer aliases`)
    : value;
}

function find(
  document: Document.Parsed,
  path: SettingPath,
  part: 'key' | 'value',
): { readonly offset: number; readonly isExact: boolean } {
  let node: unknown = document.contents;
  let offset = isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const isLast = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(step));
      if (pair === undefined) return { offset, isExact: false };
      offset = startOf(isLast && part === 'value' ? pair.value : pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else {
      return { offset, isExact: false };
    }
  }
  return { offset, isExact: true };
}

function startOf(node: unknown): number | undefined {
  if (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

function keyOf({ key }: Pair): string {
  // A list or mapping as a key is no setting, and as a text may be of any length.
  return isScalar(key) ? String(key.value) : '?';
}
