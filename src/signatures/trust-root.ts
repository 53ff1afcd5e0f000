import { SignatureError } from '../errors.ts';
import type { Options } from '../options.ts';
import { abandonable } from '../abandonable.ts';

/** Whose logs, certificate and timestamp authorities are believed; made by `parseTrustRoot`. */
export interface TrustRoot {
  /** Where it came from, for people. */
  readonly location: string;
}

/** Where the trust root comes from. */
export interface TrustRootSource {
  /** For people: `public`, a path, a URL. */
  readonly location: string;

  /**
   * Gives the root; read or fetched once, when it is first asked for.
   *
   * @throws SignatureError `TRUST_ROOT_UNAVAILABLE`
   */
  load(options?: Options): Promise<TrustRoot>;
}

/**
 * A source that loads once. A failure is not remembered, nor is one caller's wish to stop the end
 * of another's waiting.
 */
export function trustRootSource(location: string, load: () => Promise<TrustRoot>): TrustRootSource {
  let loading: Promise<TrustRoot> | undefined;
  return {
    location,
    load: async ({ signal } = {}) => {
      signal?.throwIfAborted();
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return await abandonable(loading, signal);
    },
  };
}

export function unavailable(message: string, cause?: unknown): SignatureError {
  return new SignatureError('TRUST_ROOT_UNAVAILABLE', message, cause);
}
