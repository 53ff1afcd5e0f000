import { CST, Lexer } from 'yaml';

/** Deeper than anybody nests in a file that people write. */
const MAX_DEPTH = 64;

const OPENING: ReadonlySet<string> = new Set([
  'flow-map-start',
  'flow-seq-start',
  'seq-item-ind',
  'explicit-key-ind',
]);
const CLOSING: ReadonlySet<string> = new Set(['flow-map-end', 'flow-seq-end']);

/**
 * What is wrong with the nesting of a YAML text; `undefined` if nothing is. To be asked before parsing: the
 * parser takes time with the square of the depth, so that some kilobytes of brackets keep it busy for
 * minutes, in which nothing else happens.
 */
export function nestingProblem(text: string): string | undefined {
  // Texts of people have fewer brackets than that, and are not read twice.
  if (!mayBeDeep(text)) return undefined;
  let brackets = 0;
  /** What was opened on this line without brackets: `- - - x` is three lists. */
  let onLine = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme) ?? '';
    if (type === 'newline') onLine = 0;
    else if (CLOSING.has(type)) brackets = Math.max(0, brackets - 1);
    else if (type.startsWith('flow-') && OPENING.has(type)) brackets += 1;
    else if (OPENING.has(type)) onLine += 1;
    if (brackets > MAX_DEPTH || onLine > MAX_DEPTH) {
      return `it is nested deeper than ${MAX_DEPTH}`;
    }
  }
  return undefined;
}

/** Counts brackets wherever they stand, in texts and comments too: it may take the wrong for deep. */
function mayBeDeep(text: string): boolean {
  let open = 0;
  let inARow = 0;
  for (const [mark] of text.matchAll(/[[{\]}]|[-?](?=\s)|\n/g)) {
    if (mark === '[' || mark === '{') open += 1;
    else if (mark === ']' || mark === '}') open = Math.max(0, open - 1);
    else if (mark === '\n') inARow = 0;
    else inARow += 1;
    if (open > MAX_DEPTH || inARow > MAX_DEPTH) return true;
  }
  return false;
}
