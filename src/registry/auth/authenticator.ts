import type { Credential } from '../credentials.ts';
import { abandonable } from '../../abandonable.ts';
import type { Clock } from '../http/clock.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { CredentialHolder } from './credential-holder.ts';
import { formatScope, formatScopes, type Scope } from './scope.ts';
import {
  basicHeader,
  TokenRefusedError,
  type Token,
  type TokenRealm,
  type TokenService,
} from './token-service.ts';

export interface AuthenticatorOptions {
  /** The registry's base URL. */
  readonly home: URL;
  readonly clock: Clock;
  readonly tokens: TokenService;
  /** Looks the credential up: once, before it expires, and when it is refused. */
  readonly findCredential: () => Promise<Credential>;
}

/** What the registry wants, as its last challenge said. */
type Scheme =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: TokenRealm };

// Wrong credentials, and what OAuth says of a refresh token that expired (`invalid_grant`).
const REFUSED: ReadonlySet<number> = new Set([400, 401]);

/**
 * Proves to one registry who we are. Once a challenge has told how, later requests carry the proof
 * from the start: one request instead of two. A token is fetched once for a set of rights, however
 * many requests wait for it, and again before it expires.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #held = new Map<string, Token>();
  readonly #fetching = new Map<string, Promise<string>>();
  /** Scopes a challenge asked for beyond those we know to ask for. */
  readonly #extraScopes = new Map<string, string>();
  readonly #holder: CredentialHolder;
  #scheme: Scheme = { kind: 'unknown' };

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#holder = new CredentialHolder({ clock: options.clock, find: options.findCredential });
  }

  /** The credential in use. */
  async credential(): Promise<Credential> {
    return this.#holder.current();
  }

  /** The credential last in use, for messages; nobody where none was found. */
  get knownCredential(): Credential {
    return this.#holder.known;
  }

  /**
   * The `Authorization` header for a request.
   *
   * @returns `undefined` if none is known to be wanted, or there is nothing to prove it with
   * @throws what {@link TokenService.fetch} throws
   */
  async authorize(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined> {
    // Nearly always: a request waits for nothing then.
    const credential = this.#holder.fresh ?? (await abandonable(this.credential(), signal));
    const scheme = this.#scheme;
    if (scheme.kind === 'bearer' && credential.kind !== 'registry-token') {
      return this.#bearer(scheme.realm, scopes, credential, signal);
    }
    return scheme.kind === 'basic' || credential.kind === 'registry-token'
      ? headerOf(credential)
      : undefined;
  }

  /**
   * Learns from a 401 of the registry itself.
   *
   * @param sent - the `Authorization` header that was refused
   * @returns whether the same request has a chance now
   */
  async challenged(
    header: string | undefined,
    sent: string | undefined,
    scopes: readonly Scope[],
  ): Promise<boolean> {
    const credential = await this.credential();
    if (credential.kind === 'registry-token') return this.replaced(sent);
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const realm = bearer === undefined ? undefined : realmOf(bearer);
    if (bearer !== undefined && realm !== undefined) {
      this.#scheme = { kind: 'bearer', realm };
      this.#noteScope(bearer, scopes);
      this.#forget(sent);
      return true;
    }
    if (challenges.some(({ scheme }) => scheme === 'basic') && credential.kind === 'basic') {
      this.#scheme = { kind: 'basic' };
      return this.replaced(sent);
    }
    return false;
  }

  /**
   * Learns that a credential was refused by itself, without a challenge.
   *
   * @returns whether there is something else to send now: the same would be refused again
   */
  async replaced(sent: string | undefined): Promise<boolean> {
    const credential = await this.credential();
    return sent !== headerOf(credential) || this.#holder.replace(credential);
  }

  async #bearer(
    realm: TokenRealm,
    scopes: readonly Scope[],
    credential: Credential,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const held = this.#find(scopes);
    if (held !== undefined) return `Bearer ${held.value}`;
    const key = keyOf(scopes);
    let fetching = this.#fetching.get(key);
    if (fetching === undefined) {
      fetching = this.#fetch(key, realm, scopes, credential).finally(() => {
        this.#fetching.delete(key);
      });
      this.#fetching.set(key, fetching);
    }
    return `Bearer ${await abandonable(fetching, signal)}`;
  }

  async #fetch(
    key: string,
    realm: TokenRealm,
    scopes: readonly Scope[],
    credential: Credential,
  ): Promise<string> {
    const extra = this.#extraScopes.get(key);
    const wanted = extra === undefined ? formatScopes(scopes) : [...formatScopes(scopes), extra];
    const { home, tokens } = this.#options;
    let token: Token;
    try {
      token = await tokens.fetch(home, realm, wanted, credential);
    } catch (error) {
      const isDoubtful = error instanceof TokenRefusedError && REFUSED.has(error.answer.status);
      if (!isDoubtful || !(await this.#holder.replace(credential))) throw error;
      token = await tokens.fetch(home, realm, wanted, this.#holder.known);
    }
    this.#held.set(key, token);
    return token.value;
  }

  #find(scopes: readonly Scope[]): Token | undefined {
    const now = this.#options.clock.now();
    // Whoever may push may also pull: a token for writing serves reading too.
    const keys = [
      keyOf(scopes),
      keyOf(scopes.map((scope) => ({ ...scope, actions: 'pull,push' }))),
    ];
    return keys
      .map((key) => this.#held.get(key))
      .find((token) => token !== undefined && token.expiresAt > now);
  }

  /** A registry may call its rights differently; ask for its own words besides ours. */
  #noteScope(challenge: Challenge, scopes: readonly Scope[]): void {
    const named = challenge.parameters['scope'];
    if (named === undefined || named === '') return;
    const known = scopes.map(formatScope);
    const isOurs = named.split(' ').every((scope) => known.some((ours) => covers(ours, scope)));
    if (!isOurs) this.#extraScopes.set(keyOf(scopes), named);
  }

  #forget(sent: string | undefined): void {
    for (const [key, token] of this.#held) {
      if (sent === `Bearer ${token.value}`) this.#held.delete(key);
    }
  }
}

/** What a credential is sent as by itself; `undefined` for one that is only exchanged for tokens. */
function headerOf(credential: Credential): string | undefined {
  if (credential.kind === 'basic') {
    return basicHeader(credential.username, credential.password.reveal());
  }
  return credential.kind === 'registry-token'
    ? `Bearer ${credential.registryToken.reveal()}`
    : undefined;
}

function keyOf(scopes: readonly Scope[]): string {
  return formatScopes(scopes).join(' ');
}

function covers(ours: string, theirs: string): boolean {
  const colon = theirs.lastIndexOf(':');
  const actions = new Set(ours.slice(ours.lastIndexOf(':') + 1).split(','));
  return (
    ours.startsWith(theirs.slice(0, colon + 1)) &&
    theirs
      .slice(colon + 1)
      .split(',')
      .every((action) => actions.has(action))
  );
}

function realmOf({ parameters }: Challenge): TokenRealm | undefined {
  const url = URL.parse(parameters['realm'] ?? '');
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  return { url, service: parameters['service'] };
}
