import { ConfigError } from './errors.ts';
import { quote } from './quote.ts';

/** Whether a text matches; see {@link compileGlob}. */
export type Glob = (text: string) => boolean;

/** Special in other globs and in no name of an image or app: written by mistake here. */
const FOREIGN = /[[\]{}()!\\\s]/;

/** What is wrong with a pattern, in words that go on from it; `undefined` if nothing is. */
export function globProblem(pattern: string): string | undefined {
  if (pattern === '') return 'is empty and matches nothing: write "*" for all';
  const foreign = FOREIGN.exec(pattern)?.[0];
  return foreign === undefined
    ? undefined
    : `holds ${quote(foreign)}: patterns know "*" (any characters, "/" too) and "?" (one character) alone`;
}

/**
 * Compiles a pattern in which `*` stands for any characters, `/` included, and `?` for exactly one.
 * All else stands for itself, and the whole text must match: `atlanhq/*` is everything under
 * `atlanhq/`, however deep.
 *
 * @throws ConfigError an empty pattern, or one in another language of patterns
 */
export function compileGlob(pattern: string): Glob {
  const problem = globProblem(pattern);
  if (problem !== undefined) throw new ConfigError(`the pattern ${quote(pattern)} ${problem}`);
  return (text) => matches(pattern, text);
}

/** Compiles a list; the result matches what any of them matches. */
export function compileGlobs(patterns: readonly string[]): Glob {
  const globs = patterns.map(compileGlob);
  return (text) => globs.some((glob) => glob(text));
}

// Not by a regular expression: several `*` in one would backtrack without bounds.
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      starText = t;
      p += 1;
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      // Let the last `*` swallow one character more.
      p = star + 1;
      starText += 1;
      t = starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
