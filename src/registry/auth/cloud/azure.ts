import type { TokenCredential } from '@azure/identity';
import { errorMessage, RegistryError } from '../../../errors.ts';
import type { Options } from '../../../options.ts';
import { Secret } from '../../../secret.ts';
import { parseErrorsBody } from '../../errors-body.ts';
import type { Environment } from '../../http/agents.ts';
import type { Answer } from '../../http/exchange.ts';
import { cloudFailure, type CloudProblem } from './cloud-failure.ts';
import type { CloudRegistry } from './cloud-registry.ts';
import type { CloudSignIn, CloudToken } from './sign-in.ts';

export type AzureRegistry = Extract<CloudRegistry, { readonly cloud: 'azure' }>;

/** A token of Microsoft Entra for this workload. */
export type EntraToken = (scope: string, options?: Options) => Promise<string>;

/** Sends a form to the registry itself. */
export type SendForm = (path: string, form: URLSearchParams, options?: Options) => Promise<Answer>;

// What the registry gives to those whose token does not say.
const LIFETIME_MS = 3 * 3_600_000;

/**
 * Signs in at an Azure registry: a token of Microsoft Entra is exchanged at the registry for one of
 * its own, which it then takes as it takes any identity token.
 *
 * Source: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export function azureSignIn(
  { host, scope }: AzureRegistry,
  token: EntraToken,
  send: SendForm,
): CloudSignIn {
  const what = `signing in at ${host}`;
  return async (options = {}): Promise<CloudToken> => {
    let entra: string;
    try {
      entra = await token(scope, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw cloudFailure(error, problemOf(error), what);
    }
    const form = new URLSearchParams({
      grant_type: 'access_token',
      service: host,
      access_token: entra,
    });
    const answer = await send('/oauth2/exchange', form, options);
    const refreshToken = answer.status === 200 ? refreshTokenOf(answer) : undefined;
    if (refreshToken === undefined) throw refusal(answer, what);
    return {
      credential: { kind: 'identity', identityToken: new Secret(refreshToken) },
      expiresAt: expiryOf(refreshToken) ?? Date.now() + LIFETIME_MS,
      by: 'the identity that Azure gives this workload',
    };
  };
}

/**
 * What the library finds: a service principal in the environment, workload identity, managed
 * identity, the login of Azure's command lines.
 */
export function entraToken(env: Environment): EntraToken {
  let credential: TokenCredential | undefined;
  return async (scope, { signal } = {}) => {
    const { DefaultAzureCredential } = await import('@azure/identity');
    // Whoever names the authority vouches for it; asking Microsoft's public one whether it exists
    // fails in every cloud that is cut off from it.
    const disableInstanceDiscovery = env['AZURE_AUTHORITY_HOST'] !== undefined;
    credential ??= new DefaultAzureCredential({ disableInstanceDiscovery });
    const given = await credential.getToken(scope, signal && { abortSignal: signal });
    if (given === null) throw new Error('Microsoft Entra gave no token');
    return given.token;
  };
}

function problemOf(error: unknown): CloudProblem {
  const { name, statusCode } = (error ?? {}) as {
    readonly name?: string;
    readonly statusCode?: number;
  };
  if (name === 'CredentialUnavailableError' || name === 'AggregateAuthenticationError') {
    return { kind: 'none', reason: 'Azure gives this workload no identity' };
  }
  const reason = errorMessage(error);
  const isRefused = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return isRefused && statusCode !== 429
    ? { kind: 'refused', reason }
    : { kind: 'passing', reason };
}

function refusal(answer: Answer, what: string): RegistryError {
  const { status } = answer;
  const { text } = parseErrorsBody(answer.body);
  const said = text === '' ? '' : ` (${text})`;
  const head = `${what} failed: it answered ${status}${said} to a token of Microsoft Entra`;
  if (status === 401 || status === 403) {
    return new RegistryError(
      'REGISTRY_UNAUTHORIZED',
      `${head}; the identity needs the role AcrPull to read, AcrPush to write there`,
      { status },
    );
  }
  return status >= 500 || status === 429
    ? new RegistryError('REGISTRY_UNAVAILABLE', `${head}; run again later`, { status })
    : new RegistryError('REGISTRY_REFUSED', head, { status });
}

function refreshTokenOf({ body }: Answer): string | undefined {
  const token = objectOf(body.toString('utf8'))['refresh_token'];
  return typeof token === 'string' && token !== '' ? token : undefined;
}

/** When a JWT expires, by its own word. Who signed it is the registry's business. */
function expiryOf(token: string): number | undefined {
  const [, claims = ''] = token.split('.');
  const { exp } = objectOf(Buffer.from(claims, 'base64url').toString('utf8'));
  const at = typeof exp === 'number' ? exp * 1000 : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Told apart by what is missing; the text is a secret and is not quoted.
    return {};
  }
}
