import type { Options } from '../../options.ts';
import type { Secret } from '../../secret.ts';

/** What the control plane is shown to prove who we are. One source serves Temporal and the callback. */
export interface TokenSource {
  /**
   * A token that is valid now. Cheap while the kept one is fresh; otherwise asks, once for all who
   * wait.
   *
   * @throws ControlPlaneError `TOKEN_REFUSED`, `TOKEN_UNAVAILABLE`
   */
  token(options?: Options): Promise<Token>;
  /** Somebody refused this token: the next call asks anew, if it is still the kept one. */
  refused(token: Token): void;
}

export interface Token {
  /** Goes behind `Bearer `. */
  readonly value: Secret;
  /** When to ask the source again, in milliseconds since 1970; `Infinity` for one that never expires. */
  readonly refreshAt: number;
}

/** An API key: always the same. */
export function apiKeyTokens(apiKey: Secret): TokenSource {
  const token: Token = { value: apiKey, refreshAt: Infinity };
  return {
    token: async () => token,
    refused: () => undefined,
  };
}
