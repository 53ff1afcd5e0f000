import { concealLikely } from '../../conceal.ts';
import { errorMessage } from '../../errors.ts';
import { escapeUnprintable } from '../../quote.ts';
import type { Token } from './tokens.ts';

/** The tokens that one connection has shown to Temporal: it, or what stands before it, may repeat them. */
export class ShownTokens {
  readonly #values = new Set<string>();

  constructor(first: Token | undefined) {
    if (first !== undefined) this.add(first);
  }

  add(token: Token): void {
    this.#values.add(token.value.reveal());
  }

  /** What an error of the connection says, without them. */
  words(error: unknown): string {
    const { details } = (error ?? {}) as { readonly details?: unknown };
    const said = typeof details === 'string' && details !== '' ? details : errorMessage(error);
    return escapeUnprintable(concealLikely(said, this.#values));
  }
}
