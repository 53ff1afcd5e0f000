import type { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Scope } from './auth/scope.ts';
import type { Credential } from './credentials.ts';
import { failure, refusal, type Asked, type Purpose } from './failures.ts';
import { abandonable } from '../abandonable.ts';
import type { Answer, Exchange } from './http/exchange.ts';
import type { HostBudget } from './http/limits.ts';
import type { HttpRequest } from './http/transport.ts';
import { missingRepository, type RepositoryCreator } from './repository-creator.ts';
import { UploadForm } from './upload-form.ts';

export interface RegistryRequest extends Pick<HttpRequest, 'method' | 'body' | 'signal'> {
  /** Path below the registry's root, or where an upload's `Location` led. */
  readonly target: string | URL;
  /** The rights it needs. */
  readonly scopes: readonly Scope[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly purpose: Purpose;
  readonly maxBytes?: number | undefined;
  readonly asStream?: boolean | undefined;
  readonly continues?: boolean | undefined;
}

export interface HostClientOptions {
  readonly registry: string;
  readonly url: URL;
  readonly exchange: Exchange;
  readonly budget: HostBudget;
  readonly authenticator: Authenticator;
  /** Creates repositories that are missing when they are written to, where the operator wants it. */
  readonly repositories?: RepositoryCreator | undefined;
}

/** How often a repository that was just created may still be unknown to the node that is asked. */
const MAX_UNKNOWN = 3;

/** One registry host, shared by all who talk to it: its budget, its credential, its tokens. */
export class HostClient {
  /** As references name it. */
  readonly registry: string;
  /** Where its API answers. */
  readonly url: URL;
  /** In which form it takes blobs. */
  readonly form: UploadForm = new UploadForm();
  /** Paths of the manifests that this run has written. */
  readonly written: Set<string> = new Set();
  readonly #options: HostClientOptions;
  /** The first request, while nobody knows yet what the registry wants to see. */
  #first: Promise<void> | undefined;
  #isAcquainted = false;

  constructor(options: HostClientOptions) {
    this.registry = options.registry;
    this.url = options.url;
    this.#options = options;
  }

  /**
   * Sends a request with the authentication the registry wants.
   *
   * @returns the answer, whatever its status
   * @throws RegistryError where no answer came, or no token could be had
   */
  async send(request: RegistryRequest): Promise<Answer> {
    try {
      return await this.#withRepository(request);
    } catch (error) {
      throw failure(error, this.#asked(request.purpose), request.signal);
    }
  }

  /** Who it is asked as. */
  async credential(): Promise<Credential> {
    return this.#options.authenticator.credential();
  }

  /** Creates a repository, where the operator wants that; see {@link RepositoryCreator}. */
  async ensureRepository(repository: string, options: Options): Promise<void> {
    await this.#options.repositories?.create(repository, options);
  }

  /** The error that an unwanted answer amounts to. */
  async refusal(answer: Answer, purpose: Purpose): Promise<RegistryError> {
    return refusal(answer, this.#asked(purpose));
  }

  /** A failure of a body that was being read, in the operator's words. */
  async failure(error: unknown, purpose: Purpose, signal?: AbortSignal): Promise<Error> {
    const translated = failure(error, this.#asked(purpose), signal);
    return translated instanceof Error ? translated : new Error('aborted', { cause: translated });
  }

  /** Waits before a transfer is taken up again. */
  async backOff(failures: number, signal?: AbortSignal): Promise<void> {
    await this.#options.exchange.backOff(failures, signal);
  }

  async #withRepository(request: RegistryRequest): Promise<Answer> {
    const { repositories, exchange } = this.#options;
    if (repositories === undefined) return await this.#acquainted(request);
    for (let misses = 0; ; misses += 1) {
      const answer = await this.#acquainted(request);
      const missing = missingRepository(request, answer);
      if (missing === undefined || misses > MAX_UNKNOWN || !isRepeatable(request)) return answer;
      if (misses === 0) await repositories.create(missing, request);
      else await exchange.backOff(misses, request.signal);
    }
  }

  /** Lets one request learn what the registry wants, instead of sixty being turned away. */
  async #acquainted(request: RegistryRequest): Promise<Answer> {
    if (!this.#isAcquainted && this.#first !== undefined) {
      this.#options.exchange.wantConnection(this.url);
      await abandonable(this.#first, request.signal);
    }
    if (this.#isAcquainted) return await this.#authenticated(request);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#first = promise;
    try {
      return await this.#authenticated(request);
    } finally {
      // Also where no answer came: if each had to try it alone, a host that is silent would keep
      // hundreds waiting one after the other, minutes each.
      this.#isAcquainted = true;
      this.#first = undefined;
      resolve();
    }
  }

  async #authenticated(request: RegistryRequest): Promise<Answer> {
    const { authenticator } = this.#options;
    const { scopes, signal } = request;
    const url =
      typeof request.target === 'string' ? new URL(request.target, this.url) : request.target;
    // Where an upload goes on at another host, that host gets no credentials of this one.
    if (url.origin !== this.url.origin) return this.#exchange(request, url, undefined);
    const sent = await authenticator.authorize(scopes, signal);
    const answer = await this.#exchange(request, url, sent);
    // Only the registry itself may ask for its credentials; a host it redirected to may not.
    if (answer.url.origin !== this.url.origin) return answer;
    const isWorthRepeating =
      answer.status === 401
        ? await authenticator.challenged(answer.headers['www-authenticate'], sent, scopes)
        : saysExpired(answer) && (await authenticator.replaced(sent));
    // What was streamed is gone; whoever has the content opens it again.
    if (!isWorthRepeating || !isRepeatable(request)) return answer;
    return this.#exchange(request, url, await authenticator.authorize(scopes, signal));
  }

  #exchange(
    request: RegistryRequest,
    url: URL,
    authorization: string | undefined,
  ): Promise<Answer> {
    const { method, body, signal, maxBytes, asStream, continues } = request;
    const headers = {
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization }),
    };
    return this.#options.exchange.send(
      { method, url, home: this.url, headers, body, signal, maxBytes, asStream, continues },
      this.#options.budget,
    );
  }

  #asked(purpose: Purpose): Asked {
    const { registry, authenticator } = this.#options;
    return { ...purpose, registry, credential: authenticator.knownCredential };
  }
}

/** ECR answers 403, not 401, to a token whose time is over. */
function saysExpired({ status, body }: Answer): boolean {
  return status === 403 && body.includes('authorization token has expired');
}

function isRepeatable({ body }: RegistryRequest): boolean {
  return body === undefined || body instanceof Uint8Array;
}
