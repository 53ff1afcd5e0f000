import type { GoogleAuth as Auth } from 'google-auth-library';
import { errorMessage, RegistryError } from '../../../errors.ts';
import { Secret } from '../../../secret.ts';
import { cloudFailure, type CloudProblem } from './cloud-failure.ts';
import type { CloudSignIn } from './sign-in.ts';

/** An access token of Google for this workload. */
export type GoogleToken = () => Promise<{
  readonly token: string | null | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null | undefined;
}>;

// The user name that Google's registries take an access token for.
const USER = 'oauth2accesstoken';
// There is no narrower one for registries.
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
// Where the library does not say, a token is renewed rather early than late.
const ASSUMED_LIFETIME_MS = 10 * 60_000;

/** Signs in at Google's registries by the application default credentials. */
export function googleSignIn(token: GoogleToken = applicationDefault()): CloudSignIn {
  return async () => {
    let given: Awaited<ReturnType<GoogleToken>>;
    try {
      given = await token();
    } catch (error) {
      throw cloudFailure(error, problemOf(error), 'signing in at Google');
    }
    if (typeof given.token !== 'string' || given.token === '') {
      throw new RegistryError('REGISTRY_REFUSED', 'signing in at Google failed: it gave no token');
    }
    return {
      credential: { kind: 'basic', username: USER, password: new Secret(given.token) },
      expiresAt: isMoment(given.expiresAt) ? given.expiresAt : Date.now() + ASSUMED_LIFETIME_MS,
      by: 'the application default credentials of Google',
    };
  };
}

/** The library adds up what the answer said, which need not have been a number. */
function isMoment(value: number | null | undefined): value is number {
  return Number.isFinite(value);
}

/**
 * What the library finds: the file of `GOOGLE_APPLICATION_CREDENTIALS` (a service account, or
 * a federation with another identity provider), gcloud's login, the metadata server.
 */
function applicationDefault(): GoogleToken {
  let auth: Auth | undefined;
  return async () => {
    const { GoogleAuth } = await import('google-auth-library');
    // Without a project it asks which one it is in, which takes a right of its own. No token cares.
    auth ??= new GoogleAuth({ scopes: [SCOPE], projectId: 'none' });
    const client = await auth.getClient();
    const { token } = await client.getAccessToken();
    return { token, expiresAt: client.credentials.expiry_date };
  };
}

function problemOf(error: unknown): CloudProblem {
  const message = errorMessage(error);
  if (/default credentials/i.test(message)) {
    return { kind: 'none', reason: 'Google gives this workload no identity' };
  }
  const { status, response } = (error ?? {}) as {
    readonly status?: unknown;
    readonly response?: { readonly status?: unknown };
  };
  const answered = Number(status ?? response?.status ?? Number.NaN);
  const isRefused = answered >= 400 && answered < 500 && answered !== 429;
  return isRefused ||
    /invalid_grant|invalid_client|unauthorized_client|invalid_target/.test(message)
    ? { kind: 'refused', reason: `${message}; check the credentials and this machine's clock` }
    : { kind: 'passing', reason: message };
}
