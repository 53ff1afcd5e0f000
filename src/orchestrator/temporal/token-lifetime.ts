const SECOND = 1_000;
/** Assumed where nothing tells: short enough to be true of any service. */
const UNKNOWN_LIFETIME_MS = 300 * SECOND;
const SOONEST_MS = 30 * SECOND;
const LATEST_MS = 300 * SECOND;

/** Until when a token can be used by this machine's clock, and when to ask for the next. */
export interface Lifetime {
  /** Milliseconds since 1970, by the local clock. */
  readonly expiresAt: number;
  readonly refreshAt: number;
}

/**
 * Takes the lifetime from the token's own claims: `exp` says when it ends, and `iat` what the
 * issuer's clock showed when it was made, so that a local clock that is wrong does no harm.
 *
 * @param expiresIn - `expires_in` of the answer, in seconds: for tokens that are no JWT
 * @param now - the local clock, in milliseconds since 1970
 */
export function tokenLifetime(token: string, expiresIn: unknown, now: number): Lifetime {
  const { exp, iat } = claims(token);
  const remaining = remainingMs(exp, iat, expiresIn, now);
  const wait = Math.min(Math.max(remaining / 2, SOONEST_MS), LATEST_MS);
  return { expiresAt: now + remaining, refreshAt: now + wait };
}

function remainingMs(exp: unknown, iat: unknown, expiresIn: unknown, now: number): number {
  if (isTime(exp)) return Math.max(0, exp * SECOND - (isTime(iat) ? iat * SECOND : now));
  return isTime(expiresIn) ? expiresIn * SECOND : UNKNOWN_LIFETIME_MS;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** The claims as they stand. Nothing is trusted for them: the token was asked for over TLS. */
function claims(token: string): { readonly exp?: unknown; readonly iat?: unknown } {
  try {
    const [, payload = ''] = token.split('.');
    const json: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    // Not a JWT; `expires_in` has the word.
    return {};
  }
}
