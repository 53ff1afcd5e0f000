import { RegistryError, type Side } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Scope } from './auth/scope.ts';
import type { Purpose } from './failures.ts';
import type { HostClient, RegistryRequest } from './host-client.ts';
import type { Hosts } from './hosts.ts';
import type { Answer } from './http/exchange.ts';
import { resolveLocation, withParameter } from './http/locations.ts';
import { assertNoDowngrade } from './http/redirects.ts';
import type { StreamBody } from './http/pump.ts';
import type { Descriptor } from './manifest.ts';
import { formatBlob, pullScope, pushScope, uploadsPath } from './paths.ts';
import type { Repository } from './reference.ts';
import type { UploadJournal } from './upload-journal.ts';

export interface UploadContext extends Options {
  readonly client: HostClient;
  readonly side: Side;
  readonly hosts: Hosts;
  /** What is done, for messages; by default the writing of the blob. */
  readonly what?: string;
  /** Where unfinished uploads go on. */
  readonly journal?: UploadJournal | undefined;
}

const OCTETS = { 'content-type': 'application/octet-stream' };
// A refusal of the request itself, not of its form: another form would be refused as well.
const FINAL_FOR_SINGLE_POST: ReadonlySet<number> = new Set([401, 403, 429]);

/** The requests an upload of one blob into one repository is made of. */
export class UploadRequests {
  readonly #repository: Repository;
  readonly #descriptor: Descriptor;
  readonly #context: UploadContext;
  readonly #purpose: Purpose;
  readonly #scopes: readonly Scope[];

  constructor(repository: Repository, descriptor: Descriptor, context: UploadContext) {
    const { side, what = `write ${formatBlob(repository, descriptor.digest)}` } = context;
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#context = context;
    this.#purpose = { side, what };
    this.#scopes = [pushScope(repository)];
  }

  /** What is uploaded, and to where: for the journal. */
  get name(): string {
    return formatBlob(this.#repository, this.#descriptor.digest);
  }

  /**
   * Asks the registry to take the blob from another of its repositories.
   *
   * @returns the session it opened instead, or `refused`: no right to read there, no mounts here
   */
  async mount(from: Repository): Promise<'mounted' | 'refused' | URL> {
    const { digest } = this.#descriptor;
    const query = `?mount=${digest}&from=${encodeURIComponent(from.repository)}`;
    let answer: Answer;
    try {
      answer = await this.#send('POST', `${uploadsPath(this.#repository)}${query}`, {
        scopes: [...this.#scopes, pullScope(from)],
      });
    } catch (error) {
      // No token that reads there: the upload needs none.
      if (error instanceof RegistryError && error.code === 'REGISTRY_UNAUTHORIZED')
        return 'refused';
      throw error;
    }
    if (answer.status === 201) return 'mounted';
    return answer.status === 202 ? this.#locationOf(answer) : 'refused';
  }

  /**
   * Sends the blob in one request.
   *
   * @returns the session it opened instead, or `unsupported`
   */
  async singlePost(body: Uint8Array): Promise<'stored' | 'unsupported' | URL> {
    const target = `${uploadsPath(this.#repository)}?digest=${this.#descriptor.digest}`;
    const answer = await this.#send('POST', target, { headers: OCTETS, body });
    if (answer.status === 201) return 'stored';
    if (answer.status === 202) return this.#locationOf(answer);
    if (FINAL_FOR_SINGLE_POST.has(answer.status)) throw await this.#refusal(answer);
    return 'unsupported';
  }

  /** Opens a session. */
  async start(): Promise<URL> {
    const answer = await this.#send('POST', uploadsPath(this.#repository), {});
    if (answer.status !== 202) throw await this.#refusal(answer);
    return this.#locationOf(answer);
  }

  /** Closes a session, with the whole blob or with nothing more to add. */
  async put(session: URL, body?: Uint8Array | StreamBody): Promise<void> {
    const target = withParameter(session, 'digest', this.#descriptor.digest);
    const answer = await this.#send('PUT', target, { headers: OCTETS, body });
    // 201 by the specification; others have been seen with another success.
    if (!isSuccess(answer)) throw await this.#refusal(answer);
  }

  /**
   * Adds a piece.
   *
   * @param offset - of the piece's first byte. Ours: ECR's `Range` lags behind
   * @returns where the session goes on
   */
  async patch(session: URL, offset: number, body: StreamBody): Promise<URL> {
    const headers = { ...OCTETS, 'content-range': `${offset}-${offset + body.length - 1}` };
    const answer = await this.#send('PATCH', session, { headers, body });
    if (!isSuccess(answer)) throw await this.#refusal(answer);
    return answer.headers.location === undefined ? session : this.#locationOf(answer);
  }

  /**
   * Asks a session how much it holds.
   *
   * @returns `undefined` where the registry does not say: it forgot the session, or never tells
   */
  async status(
    session: URL,
  ): Promise<{ readonly session: URL; readonly offset: number } | undefined> {
    const answer = await this.#send('GET', session, {});
    if (!isSuccess(answer)) return undefined;
    const [, end] = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '') ?? [];
    // "0-0" is how an empty session is written, one byte or not.
    if (end === undefined || end === '0') return undefined;
    const at = answer.headers.location === undefined ? session : await this.#locationOf(answer);
    return { session: at, offset: Number(end) + 1 };
  }

  /** Gives a session up. Registries without this forget it by themselves, after a while. */
  async cancel(session: URL): Promise<void> {
    await this.#send('DELETE', session, {});
  }

  async #locationOf(answer: Answer): Promise<URL> {
    const { client, hosts, side } = this.#context;
    const { location } = answer.headers;
    const url =
      location === undefined ? undefined : resolveLocation(location, answer.url, client.url);
    if (url === undefined) {
      throw new RegistryError(
        'REGISTRY_REFUSED',
        `could not ${this.#purpose.what}: ${client.registry} did not say where the upload goes on (no usable Location)`,
        { side, status: answer.status },
      );
    }
    try {
      assertNoDowngrade(client.url, url, hosts);
    } catch (error) {
      throw await client.failure(error, this.#purpose);
    }
    return url;
  }

  async #refusal(answer: Answer): Promise<RegistryError> {
    return this.#context.client.refusal(answer, this.#purpose);
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    target: string | URL,
    request: Partial<Pick<RegistryRequest, 'headers' | 'body' | 'scopes'>>,
  ): Promise<Answer> {
    const { client, signal } = this.#context;
    return client.send({
      scopes: this.#scopes,
      ...request,
      method,
      target,
      purpose: this.#purpose,
      signal,
    });
  }
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
