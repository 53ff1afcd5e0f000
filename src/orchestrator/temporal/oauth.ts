import { ControlPlaneError } from '../../errors.ts';
import { silentLogger, type Logger } from '../../log.ts';
import type { Options } from '../../options.ts';
import { quote } from '../../quote.ts';
import { abandonable } from '../../abandonable.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import { conceal } from '../../conceal.ts';
import { Secret } from '../../secret.ts';
import { NoAnswerError, post, type Answer, type Outbound } from './post.ts';
import { tokenLifetime, type Lifetime } from './token-lifetime.ts';
import type { Token, TokenSource } from './tokens.ts';

export interface OAuthOptions extends Outbound {
  /** The token endpoint of the tenant's realm. */
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** After a failure; more often would only burden a service that is down. */
const RETRY_MS = 30_000;

/**
 * Tokens by OAuth client credentials. A token that is still valid is kept through failures of the
 * service; a new one is asked for long before it expires.
 */
export function createOAuthTokens(options: OAuthOptions): TokenSource {
  const { clock = systemClock, logger = silentLogger } = options;
  let kept: (Token & Lifetime) | undefined;
  let asking: Promise<Token> | undefined;

  async function renew(): Promise<Token> {
    try {
      kept = await ask(options, clock.now());
      return kept;
    } catch (error) {
      if (!(error instanceof ControlPlaneError) || kept === undefined) throw error;
      if (clock.now() >= kept.expiresAt) throw error;
      logger.warn('no new token yet; the one at hand is still valid', { reason: error.message });
      kept = { ...kept, refreshAt: Math.min(clock.now() + RETRY_MS, kept.expiresAt) };
      return kept;
    } finally {
      asking = undefined;
    }
  }

  return {
    async token({ signal }: Options = {}): Promise<Token> {
      signal?.throwIfAborted();
      if (kept !== undefined && clock.now() < kept.refreshAt) return kept;
      asking ??= renew();
      return abandonable(asking, signal);
    },
    refused(token: Token): void {
      if (kept?.value === token.value) kept = undefined;
    },
  };
}

async function ask(options: OAuthOptions, now: number): Promise<Token & Lifetime> {
  const answer = await send(options);
  const json = parse(answer.body);
  const value = json?.access_token;
  if (answer.status !== 200 || typeof value !== 'string' || value === '') {
    throw refusal(answer, json, options);
  }
  return { value: new Secret(value), ...tokenLifetime(value, json?.expires_in, now) };
}

async function send(options: OAuthOptions): Promise<Answer> {
  const { url, clientId, clientSecret } = options;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret.reveal(),
  });
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return await post(url, { headers, body: form.toString() }, options);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    throw new ControlPlaneError(
      'TOKEN_UNAVAILABLE',
      `no token from ${url.href}: ${error.message}.`,
      { cause: error },
    );
  }
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}

function parse(body: string): TokenAnswer | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    // No JSON: whoever answered, it was not the token service. The refusal says so.
    return undefined;
  }
}

function refusal(
  { status }: Answer,
  json: TokenAnswer | undefined,
  { url, clientId, clientSecret }: OAuthOptions,
): ControlPlaneError {
  const parts = [json?.error, json?.error_description].filter((word) => typeof word === 'string');
  const words = conceal(parts.join(': '), [clientSecret.reveal()]);
  const said = words === '' ? '' : `, saying ${quote(words)}`;
  const isVerdict = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return new ControlPlaneError(
    isVerdict ? 'TOKEN_REFUSED' : 'TOKEN_UNAVAILABLE',
    `${url.href} answered ${status}${said} to client ${quote(clientId)}. ${nextStep(status, json)}`,
    { status },
  );
}

function nextStep(status: number, json: TokenAnswer | undefined): string {
  switch (status) {
    case 200:
      return json === undefined
        ? 'That is no JSON, as sign-in pages and proxies answer: check atlan.domain and the proxy.'
        : 'There is no access_token in it: check atlan.domain.';
    case 400:
    case 401:
    case 403:
      return 'Client id and secret do not belong together, or were revoked: check client_id and client_secret.';
    case 404:
      return 'There is no such tenant: check atlan.domain.';
    case 407:
      return 'The proxy wants to be signed in to: put user and password into HTTPS_PROXY.';
    default:
      return status >= 300 && status < 400
        ? 'It sends elsewhere, where the secret is not sent: check atlan.domain.'
        : 'The fault is at the service: it is asked again.';
  }
}
