import { concealLikely } from '../conceal.ts';
import { errorMessage, MapStoreError } from '../errors.ts';
import { withoutUserInfo } from '../secret.ts';

/** Why a store could not be reached or did not do what was asked. */
export interface FailureReason {
  /** What came back and what to do about it. */
  readonly words: string;
  /** `false` where only the operator can mend it. */
  readonly isRetryable: boolean;
}

/** A reason that only a change by the operator mends. */
export function lasting(words: string): FailureReason {
  return { words, isRetryable: false };
}

/** A reason that may be gone at the next try. */
export function passing(words: string): FailureReason {
  return { words, isRetryable: true };
}

/**
 * The `MAP_UNAVAILABLE` of a store.
 *
 * @param secrets - what the store is sent, and may have repeated in `reason` and `cause`
 */
export function unavailable(
  location: string,
  verb: string,
  reason: FailureReason,
  cause: unknown,
  secrets: readonly string[] = [],
): MapStoreError {
  return new MapStoreError(
    'MAP_UNAVAILABLE',
    `${location}: could not ${verb} the map: ${concealLikely(reason.words, secrets)}`,
    withoutSecrets(cause, secrets),
    reason.isRetryable,
  );
}

/** The `MAP_CONFLICT` of a store. */
export function conflict(
  location: string,
  cause?: unknown,
  secrets: readonly string[] = [],
): MapStoreError {
  return new MapStoreError(
    'MAP_CONFLICT',
    `${location} was changed by somebody else since it was read; nothing was written`,
    withoutSecrets(cause, secrets),
  );
}

/** What an SDK threw, without the request and its headers, which it carries along. */
function withoutSecrets(cause: unknown, secrets: readonly string[]): Error | undefined {
  if (!(cause instanceof Error)) return undefined;
  const shown = (text: string): string => concealLikely(withoutUserInfo(text), secrets);
  const copy = new Error(shown(cause.message));
  copy.name = cause.name;
  if (cause.stack !== undefined) copy.stack = shown(cause.stack);
  return copy;
}

const NO_WAY = 'check the endpoint, the network between, a firewall, or HTTPS_PROXY';
const NEXT_STEPS: Readonly<Record<string, string>> = {
  ENOTFOUND: "check the endpoint's or bucket's name",
  EAI_AGAIN: 'check the network and its name servers',
  ECONNREFUSED: "check the endpoint's address and port, and that the store runs",
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
};

/** The reason of a failure below HTTP, or of none that is known: then it may pass. */
export function networkReason(error: unknown): FailureReason {
  const code = codeOf(error);
  const words = errorMessage(error).split('\n')[0] ?? '';
  if (code !== undefined && /CERT|TLS|SIGNATURE|ISSUER/.test(code)) {
    return lasting(
      `the store's certificate is not trusted (${code}): give the authority that issued it as map.s3.ca or map.azblob.ca, or in NODE_EXTRA_CA_CERTS`,
    );
  }
  const said = words === '' ? (code ?? 'no answer') : words;
  const next = NEXT_STEPS[code ?? ''];
  return passing(next === undefined ? said : `${said}: ${next}`);
}

/** The code of an error or of what caused it: the SDKs wrap what Node says. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z][A-Z_]+$/.test(at.code)) {
      return at.code;
    }
  }
  return undefined;
}
