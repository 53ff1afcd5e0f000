import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request as a scripted server saw it, its body read. */
export interface SeenRequest {
  readonly method: string;
  /** With the query, exactly as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Close the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Fall silent after so many bytes of the body. */
  readonly stallAfter?: number;
}

/** Decides an answer; `'cut'` closes the connection without one, `'silent'` never answers. */
export type Script = (
  request: SeenRequest,
) => ScriptedAnswer | 'cut' | 'silent' | Promise<ScriptedAnswer | 'cut' | 'silent'>;

export interface ScriptedServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  /** Every request so far, in the order their bodies were complete. */
  readonly requests: readonly SeenRequest[];
  /** `METHOD path` of every request. */
  readonly log: readonly string[];
}

/**
 * A server on loopback that answers as its script says; closed when the test ends.
 *
 * @param tls - speaks https by these; plain http without
 */
export async function startScripted(
  test: TestContext,
  script: Script,
  tls?: ServerOptions,
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answer(incoming, outgoing, script, requests).catch((error: unknown) => {
      incoming.socket.destroy(error instanceof Error ? error : undefined);
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    requests,
    get log() {
      return requests.map(({ method, path }) => `${method} ${path}`);
    },
  };
}

/** An answer with a JSON body. */
export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): ScriptedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** A refusal as the Distribution API words it. */
export function refusal(status: number, code: string, message: string = code): ScriptedAnswer {
  return json(status, { errors: [{ code, message }] });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  script: Script,
  requests: SeenRequest[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url: path = '', headers } = incoming;
  const request = { method, path, headers, body: Buffer.concat(chunks) };
  requests.push(request);
  const given = await script(request);
  if (given === 'silent') return;
  if (given === 'cut') {
    incoming.socket.destroy();
    return;
  }
  const body = Buffer.from(given.body ?? '');
  const end = given.cutAfter ?? given.stallAfter;
  outgoing.writeHead(given.status, headersOf(given, body));
  if (end === undefined) {
    outgoing.end(method === 'HEAD' ? undefined : body);
    return;
  }
  // The headers must leave even when no byte of the body does.
  outgoing.flushHeaders();
  outgoing.write(body.subarray(0, end), () => {
    if (given.cutAfter !== undefined) incoming.socket.destroy();
  });
}

function headersOf({ headers }: ScriptedAnswer, body: Buffer): Record<string, string> {
  const isChunked = headers?.['transfer-encoding'] === 'chunked';
  return { ...(isChunked ? {} : { 'content-length': String(body.byteLength) }), ...headers };
}
