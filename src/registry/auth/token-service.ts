import type { Credential } from '../credentials.ts';
import type { Hosts } from '../hosts.ts';
import type { Clock } from '../http/clock.ts';
import type { Answer, Exchange } from '../http/exchange.ts';
import type { HostBudget } from '../http/limits.ts';
import { RedirectError } from '../http/redirects.ts';
import { withoutSent } from '../redact.ts';

/** A token and how long it may be used. */
export interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Where a bearer challenge says tokens are to be had. */
export interface TokenRealm {
  readonly url: URL;
  readonly service: string | undefined;
}

/** The token service gave no token. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  readonly realm: URL;
  readonly answer: Answer;

  constructor(realm: URL, answer: Answer) {
    super(`the token service ${realm.origin}${realm.pathname} answered ${answer.status}`);
    this.realm = realm;
    this.answer = answer;
  }
}

export interface TokenServiceOptions {
  readonly exchange: Exchange;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly budgetFor: (url: URL) => HostBudget;
}

// What the specification prescribes where the answer does not say.
const DEFAULT_LIFETIME_SECONDS = 60;
const CLIENT_ID = 'sdr-mirror';
// A token that expires on its way is of no use; a short-lived one still has to serve for a while.
const LONGEST_MARGIN_MS = 30_000;
const MARGIN_SHARE = 0.2;
const MAX_TOKEN_BYTES = 64 * 1024;

/** Exchanges credentials for bearer tokens. */
export class TokenService {
  readonly #options: TokenServiceOptions;

  constructor(options: TokenServiceOptions) {
    this.#options = options;
  }

  /**
   * Asks for a token.
   *
   * @param home - the registry that named the realm
   * @throws TokenRefusedError, RedirectError for a realm without https, ForbiddenAddressError
   */
  async fetch(
    home: URL,
    realm: TokenRealm,
    scopes: readonly string[],
    credential: Credential,
    signal?: AbortSignal,
  ): Promise<Token> {
    const { exchange, hosts, budgetFor } = this.#options;
    assertSafeRealm(realm.url, home, hosts);
    if (credential.staysAtHome === true && realm.url.origin !== home.origin) {
      throw new RedirectError(
        `${home.host} sends its users to ${realm.url.origin} for a token; a cloud's credential goes to ` +
          'no other host than the registry itself',
      );
    }
    const request =
      credential.kind === 'identity'
        ? oauthRequest(realm, scopes, credential.identityToken.reveal())
        : tokenRequest(realm, scopes, credential);
    const answer = await exchange.send(
      // Whoever waits for a token holds up others: it does not queue.
      { ...request, home, continues: true, maxBytes: MAX_TOKEN_BYTES, signal },
      budgetFor(realm.url),
    );
    if (answer.status !== 200) throw new TokenRefusedError(realm.url, answer);
    const token = this.#parse(answer);
    if (token !== undefined) return token;
    const body = withoutSent(answer.body, { ...request, url: answer.url });
    throw new TokenRefusedError(realm.url, { ...answer, body });
  }

  #parse(answer: Answer): Token | undefined {
    const body = parseObject(answer.body);
    const value = [body['token'], body['access_token']].find(isUsableToken);
    if (value === undefined) return undefined;
    const seconds = Number(body['expires_in']);
    const lifetimeMs = (seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS) * 1000;
    // Counted from now, not from `issued_at`: the service's clock is not ours.
    const margin = Math.min(LONGEST_MARGIN_MS, lifetimeMs * MARGIN_SHARE);
    return { value, expiresAt: this.#options.clock.now() + lifetimeMs - margin };
  }
}

/** Basic authentication, RFC 7617. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Credentials go there: https, or a host where the operator allowed less. */
function assertSafeRealm(realm: URL, home: URL, hosts: Hosts): void {
  const isHome = home.protocol === 'http:' && realm.hostname === home.hostname;
  const isAllowed = isHome || hosts.ofUrl(realm)?.plainHttp === true;
  if (realm.protocol === 'https:' || (realm.protocol === 'http:' && isAllowed)) return;
  throw new RedirectError(
    `${home.host} sends its users to ${realm.origin} for a token, which is not https; if that is ` +
      `intended, name the host in the configuration: registries: { "${realm.host}": { plainHttp: true } }`,
  );
}

type TokenRequest = Pick<Parameters<Exchange['send']>[0], 'method' | 'url' | 'headers' | 'body'>;

function tokenRequest(
  realm: TokenRealm,
  scopes: readonly string[],
  credential: Credential,
): TokenRequest {
  const url = new URL(realm.url);
  if (realm.service !== undefined) url.searchParams.set('service', realm.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credential.kind !== 'basic') return { method: 'GET', url, headers: {} };
  url.searchParams.set('account', credential.username);
  const authorization = basicHeader(credential.username, credential.password.reveal());
  return { method: 'GET', url, headers: { authorization } };
}

function oauthRequest(realm: TokenRealm, scopes: readonly string[], token: string): TokenRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    refresh_token: token,
    scope: scopes.join(' '),
  });
  if (realm.service !== undefined) form.set('service', realm.service);
  return {
    method: 'POST',
    url: realm.url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Told apart by the missing token; the text may hold one and is not quoted.
    return {};
  }
}

/** RFC 6750's b64token, a little wider: never a line break, which would forge a header. */
function isUsableToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}
