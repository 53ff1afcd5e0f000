import { Script } from 'node:vm';

/** Whether a text matches a pattern; `gave-up`: nobody waited to know. */
export type Match = 'yes' | 'no' | 'gave-up';

/** How long one text may keep a pattern busy, in milliseconds. */
export interface PatternLimits {
  readonly firstMs: number;
  /** Once the pattern has shown that texts can: there may be a thousand of them. */
  readonly nextMs: number;
}

/** A match takes microseconds; the rest is for a machine that is busy with other things. */
const LIMITS: PatternLimits = { firstMs: 1000, nextMs: 250 };

/**
 * A regular expression of the operator's, for the texts of strangers. JavaScript's backtrack: `(a+)+` needs
 * longer than anybody lives to find that it does not match a certain text of sixty characters, and
 * nothing but `node:vm` can interrupt it.
 */
export class BoundedPattern {
  readonly #expression: string;
  readonly #nextMs: number;
  #limitMs: number;
  /** Who is not accepted is compared again, to tell why. */
  #last: { readonly text: string; readonly match: Match } | undefined;

  /** @param source - which the whole text must match; valid by itself, in Unicode mode */
  constructor(source: string, { firstMs, nextMs }: PatternLimits = LIMITS) {
    this.#expression = `new RegExp(${JSON.stringify(`^(?:${source})$`)}, 'u')`;
    this.#limitMs = firstMs;
    this.#nextMs = nextMs;
  }

  match(text: string): Match {
    if (this.#last?.text === text) return this.#last.match;
    const match = this.#match(text);
    this.#last = { text, match };
    return match;
  }

  #match(text: string): Match {
    // Both are strings of JSON there, whatever they hold: nothing of them is code.
    const script = new Script(`${this.#expression}.test(${JSON.stringify(text)})`);
    try {
      return script.runInThisContext({ timeout: this.#limitMs }) === true ? 'yes' : 'no';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      this.#limitMs = this.#nextMs;
      return 'gave-up';
    }
  }
}
