import { anonymous, type Credential } from '../credentials.ts';
import type { Clock } from '../http/clock.ts';

export interface CredentialHolderOptions {
  readonly clock: Clock;
  /** Looks the credential up where credentials are kept. */
  readonly find: () => Promise<Credential>;
}

// A credential that expires on its way is of no use, and whoever gives new ones may be busy.
const LONGEST_MARGIN_MS = 5 * 60_000;
const MARGIN_SHARE = 0.2;
/**
 * Neither looked up again nor doubted before that: a credential this fresh that is refused is wrong,
 * not stale, and one that seems to have expired tells of a clock that is.
 */
const FRESH_MS = 60_000;
/** A failed look-up is not repeated by each of hundreds of requests. */
const FAILURE_MS = 30_000;

interface Held {
  readonly credential: Credential;
  readonly foundAt: number;
}

/**
 * The credential for one registry: looked up once, again before it expires, and again when the
 * registry refuses it, for somebody may have put another in its place.
 */
export class CredentialHolder {
  readonly #options: CredentialHolderOptions;
  #held: Held | undefined;
  #finding: Promise<Credential> | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(options: CredentialHolderOptions) {
    this.#options = options;
  }

  /** The credential last found, for messages; none yet is nobody. */
  get known(): Credential {
    return this.#held?.credential ?? anonymous();
  }

  /** The credential last found, if it need not be looked up again yet. */
  get fresh(): Credential | undefined {
    const held = this.#held;
    const isFresh = held !== undefined && this.#options.clock.now() < renewAt(held);
    return isFresh ? held.credential : undefined;
  }

  /** @throws what looking it up throws, unless the one that is held will do a little longer */
  async current(): Promise<Credential> {
    const { fresh } = this;
    if (fresh !== undefined) return fresh;
    const held = this.#held;
    const now = this.#options.clock.now();
    const failure = this.#failure;
    const isHopeless = failure !== undefined && now < failure.at + FAILURE_MS;
    const isUsable = held !== undefined && now < (held.credential.expiresAt ?? Infinity);
    if (isHopeless && !isUsable) throw failure.error;
    if (isHopeless && isUsable) return held.credential;
    try {
      return await this.#find();
    } catch (error) {
      if (isUsable) return held.credential;
      throw error;
    }
  }

  /**
   * Looks again, because the registry refused what was found.
   *
   * @returns whether there is another credential now
   */
  async replace(refused: Credential): Promise<boolean> {
    const held = this.#held;
    if (held === undefined) return false;
    if (!isSame(held.credential, refused)) return true;
    if (this.#options.clock.now() < held.foundAt + FRESH_MS) return false;
    return !isSame(await this.#find(), refused);
  }

  async #find(): Promise<Credential> {
    this.#finding ??= this.#lookUp().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  async #lookUp(): Promise<Credential> {
    const { clock, find } = this.#options;
    try {
      const credential = await find();
      this.#held = { credential, foundAt: clock.now() };
      this.#failure = undefined;
      return credential;
    } catch (error) {
      this.#failure = { error, at: clock.now() };
      throw error;
    }
  }
}

function renewAt({ credential, foundAt }: Held): number {
  const { expiresAt } = credential;
  if (expiresAt === undefined) return Infinity;
  const margin = Math.min(LONGEST_MARGIN_MS, (expiresAt - foundAt) * MARGIN_SHARE);
  return Math.max(expiresAt - margin, foundAt + FRESH_MS);
}

function isSame(one: Credential, other: Credential): boolean {
  return one === other || (one.kind === other.kind && proofOf(one) === proofOf(other));
}

function proofOf(credential: Credential): string {
  if (credential.kind === 'anonymous') return '';
  if (credential.kind === 'basic') return `${credential.username}:${credential.password.reveal()}`;
  return credential.kind === 'identity'
    ? credential.identityToken.reveal()
    : credential.registryToken.reveal();
}
