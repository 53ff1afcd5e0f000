import {
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { HostSettings } from '../hosts.ts';
import { assertAllowedLiteral } from './address-guard.ts';
import { Agents, type Environment } from './agents.ts';
import { watchForStall } from './stall.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A body whose length is known beforehand: some registries refuse chunked transfer encoding. */
export interface StreamBody {
  readonly stream: Readable;
  /** Bytes. */
  readonly length: number;
}

export interface HttpRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody | undefined;
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
  /** Longest silence of a peer whose turn it is, in milliseconds. */
  readonly stallMs: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs: number;
  readonly lookup?: LookupFunction | undefined;
}

/** What was to be sent is not as long as it was said to be. */
export class ContentSizeError extends Error {
  override readonly name = 'ContentSizeError';
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
  { url, body, signal }: HttpRequest,
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
  outgoing.once('close', () => signal?.removeEventListener('abort', onAbort));
  outgoing.on('error', (error) => {
    reject(signal?.aborted === true ? signal.reason : error);
  });
  outgoing.once('response', (response) => {
    incoming = response;
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response, url });
  });
  watchForStall(outgoing, limits, abandon);
  if (isStream(body)) pump(body, outgoing);
  else outgoing.end(body);
  return promise;
}

/** Sends a stream as a request's body, until it ends, fails, or the server has answered. */
function pump({ stream, length }: StreamBody, outgoing: ClientRequest): void {
  let left = length;
  let isAnswered = false;
  const fail = (error: Error): void => {
    if (!isAnswered) outgoing.destroy(error);
  };
  // It may have failed between being opened and being sent; its events will not come again.
  if (stream.destroyed) {
    fail(stream.errored ?? new Error('the content to send was closed before it was sent'));
    return;
  }
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    // The server would take what is too much for the start of another request.
    if (left < 0)
      stream.destroy(new ContentSizeError(`the content to send is longer than ${length} bytes`));
  });
  stream.on('error', fail);
  stream.once('close', () => {
    if (left > 0) fail(new ContentSizeError(`the content to send ended ${left} bytes early`));
  });
  outgoing.once('response', (response) => {
    isAnswered = true;
    if (outgoing.writableEnded) return;
    // A refusal that came before everything was heard: nobody will listen to the rest. The
    // connection cannot serve another request.
    stream.unpipe(outgoing);
    stream.destroy();
    response.once('end', () => outgoing.destroy());
  });
  outgoing.once('close', () => stream.destroy());
  stream.pipe(outgoing);
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
