import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { EngineError } from '../../errors.ts';
import { EngineSilentError, unreachable } from './engine-failures.ts';

/** One request to the engine. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With the version of the API before it: `/v1.41/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the engine may say nothing; `Infinity` for streams in which nothing may happen. */
  readonly silenceMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** What it is for, as in "cannot … at unix://…". */
  readonly what: string;
}

export interface EngineAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** An answer whose body is read as it comes. */
export interface EngineStream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** @throws EngineError `ENGINE_UNREACHABLE` if it is cut off; the signal's reason */
  readonly body: AsyncIterable<Buffer>;
  /** Ends it; without effect when it has ended. */
  readonly close: () => void;
}

const SILENCE_MS = 60_000;
/** Far beyond what an engine says of a container; a peer that says more is no engine. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * HTTP over the engine's Unix socket.
 *
 * Node's own client rather than got: half of what is asked are streams that last for minutes or
 * for ever and are judged line by line, and nothing of what a library adds (redirects, retries,
 * proxies, cookies) may happen here; got also finds the socket by cutting `unix:PATH:URL` at a
 * colon, which a path may hold.
 */
export class EngineConnection {
  readonly socketPath: string;
  readonly #silenceMs: number;

  constructor(
    socketPath: string,
    { silenceMs = SILENCE_MS }: { readonly silenceMs?: number } = {},
  ) {
    this.socketPath = socketPath;
    this.#silenceMs = silenceMs;
  }

  /**
   * Asks, and reads the whole answer, whatever its status.
   *
   * @throws EngineError `ENGINE_UNREACHABLE`; `ENGINE_REFUSED` if what answers is no engine
   */
  async send(call: EngineCall): Promise<EngineAnswer> {
    return this.whole(await this.open(call), call.what);
  }

  /**
   * Reads the rest of an answer, for one that turned out to be a refusal.
   *
   * @throws EngineError `ENGINE_REFUSED` if what answers is no engine
   */
  async whole({ status, headers, body, close }: EngineStream, what: string): Promise<EngineAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        close();
        throw new EngineError(
          'ENGINE_REFUSED',
          `unix://${this.socketPath} answered with more than ${MAX_BODY_BYTES} bytes when asked to ${what}: that is no container engine`,
        );
      }
      chunks.push(chunk);
    }
    return { status, headers, body: Buffer.concat(chunks).toString('utf8') };
  }

  /**
   * Asks, and gives the answer as soon as it begins.
   *
   * @throws EngineError `ENGINE_UNREACHABLE`
   */
  async open(call: EngineCall): Promise<EngineStream> {
    const { signal } = call;
    signal?.throwIfAborted();
    const request = this.#request(call);
    // Once it answers, the response is told of a failure only as "aborted".
    let failure: Error | undefined;
    request.on('error', (error) => {
      failure = error;
    });
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: this.#read(call, response, () => failure),
        close: () => response.destroy(),
      };
    } catch (error) {
      signal?.throwIfAborted();
      throw await unreachable(this.socketPath, call.what, error);
    }
  }

  #request(call: EngineCall): http.ClientRequest {
    const { method, path, query = {}, body, headers, signal, silenceMs = this.#silenceMs } = call;
    const parameters = new URLSearchParams(
      Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ).toString();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = http.request({
      socketPath: this.socketPath,
      // A connection kept from before the engine restarted would fail the next request; to a
      // Unix socket a new one costs nothing.
      agent: false,
      method,
      path: parameters === '' ? path : `${path}?${parameters}`,
      headers: {
        host: 'engine',
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (Number.isFinite(silenceMs)) {
      request.setTimeout(silenceMs, () => {
        request.destroy(new EngineSilentError(`it said nothing for ${silenceMs / 1_000} s`));
      });
    }
    request.end(text);
    return request;
  }

  async *#read(
    call: EngineCall,
    response: IncomingMessage,
    failure: () => Error | undefined,
  ): AsyncGenerator<Buffer> {
    try {
      // Ends the connection when its reader has had enough.
      for await (const chunk of response) yield chunk as Buffer;
    } catch (error) {
      call.signal?.throwIfAborted();
      throw await unreachable(this.socketPath, call.what, failure() ?? error);
    }
  }
}
