import {
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { HostSettings } from '../hosts.ts';
import { assertAllowedLiteral } from './address-guard.ts';
import { Agents, type Environment } from './agents.ts';
import { blockReaderOf } from './block-reader.ts';
import { pump, type StreamBody } from './pump.ts';
import { noteRequest } from './request-count.ts';
import { watchForStall } from './stall.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody | undefined;
  /** Whether the body of a success is to be read as a stream, not whole. */
  readonly asStream?: boolean | undefined;
  /** TLS settings of the host, where the operator named it. */
  readonly settings?: HostSettings | undefined;
  /** Whether to connect to public addresses only. */
  readonly guarded: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still to be read; an unread body keeps its connection busy. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
  /** The URL that answered. */
  readonly url: URL;
}

export interface TransportOptions {
  readonly env: Environment;
  readonly userAgent: string;
  /** Longest silence of a peer whose turn it is, in milliseconds; answers that drip have five times that. */
  readonly stallMs: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs: number;
  readonly lookup?: LookupFunction | undefined;
}

/** One request, one answer: no redirects, no retries, no credentials of its own. */
export class Transport {
  readonly #agents: Agents;
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agents = new Agents(options);
  }

  /**
   * Sends a request.
   *
   * @returns when the answer's headers are there. An answer that comes before the request's body
   *   was sent in full ends the sending
   * @throws whatever Node says about the connection; the signal's reason once it is aborted
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    if (request.guarded) assertAllowedLiteral(request.url);
    for (;;) {
      request.signal?.throwIfAborted();
      noteRequest();
      const outgoing = this.#open(request);
      try {
        return await answerTo(outgoing, request, this.#options);
      } catch (error) {
        // The server closed a kept connection just when it was taken up again: not a failure of
        // this request. A new connection ends the loop, whatever becomes of it.
        if (!outgoing.reusedSocket || !isReset(error) || isStream(request.body)) throw error;
      }
    }
  }

  /** Says that requests to such a URL will need one connection more soon. */
  wantConnection({
    url,
    settings,
    guarded,
  }: Pick<HttpRequest, 'url' | 'settings' | 'guarded'>): void {
    this.#agents.wantConnection(url, settings, guarded);
  }

  /** Closes every connection. */
  close(): void {
    this.#agents.destroy();
  }

  #open(request: HttpRequest): ClientRequest {
    const { url, method } = request;
    const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return open({
      method,
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      agent: this.#agents.for(url, request.settings, request.guarded),
      headers: {
        host: url.host,
        'user-agent': this.#options.userAgent,
        // A compressed answer would not have the digest that its content is addressed by.
        'accept-encoding': 'identity',
        ...request.headers,
        ...lengthHeader(request),
      },
    });
  }
}

async function answerTo(
  outgoing: ClientRequest,
  { url, body, signal, asStream }: HttpRequest,
  limits: TransportOptions,
): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  let incoming: IncomingMessage | undefined;
  const abandon = (error: Error): void => {
    (incoming ?? outgoing).destroy(error);
  };
  const onAbort = (): void => {
    abandon(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  outgoing.on('close', () => signal?.removeEventListener('abort', onAbort));
  outgoing.on('error', (error) => {
    reject(signal?.aborted === true ? signal.reason : error);
  });
  outgoing.on('response', (response) => {
    incoming = response;
    resolve({
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      body: response,
      url,
    });
  });
  if (asStream === true) {
    outgoing.on('socket', (socket) => blockReaderOf(socket)?.expectLarge());
  }
  watchForStall(outgoing, { ...limits, wholeBody: asStream !== true }, abandon);
  if (isStream(body)) pump(body, outgoing);
  else outgoing.end(body);
  return promise;
}

/** The headers as they came: of a large body the parser knows another length. */
function headersOf({ headers, socket }: IncomingMessage): IncomingHttpHeaders {
  const bytes = blockReaderOf(socket)?.largeBodyBytes;
  return bytes === undefined ? headers : { ...headers, 'content-length': String(bytes) };
}

function isStream(body: HttpRequest['body']): body is StreamBody {
  return body !== undefined && !(body instanceof Uint8Array);
}

function isReset(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function lengthHeader({ method, body }: HttpRequest): Readonly<Record<string, string>> {
  if (body === undefined) {
    // Nexus and others answer 411 to a POST or PUT that does not say how long it is.
    return method === 'POST' || method === 'PUT' || method === 'PATCH'
      ? { 'content-length': '0' }
      : {};
  }
  return { 'content-length': String(body instanceof Uint8Array ? body.byteLength : body.length) };
}
