import { once } from 'node:events';
import {
  createServer,
  request as send,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, RegistryRequest } from '../registry/exchange.ts';

/** Sees what goes through to a real registry. */
export interface RelayHooks {
  /** Answers in its place, or lets the request through. */
  readonly before: (request: RegistryRequest) => Answer | undefined;
  /** Is told what the registry answered, and may leave out of it what it likes. */
  readonly after: (
    request: RegistryRequest,
    answer: { readonly status: number; readonly headers: OutgoingHttpHeaders },
  ) => void;
}

export interface Relay {
  /** What clients connect to: `127.0.0.1:41234`. */
  readonly host: string;
  readonly close: () => Promise<void>;
}

/** Stands before a real registry on loopback, which believes that clients mean this. */
export async function startRelay(target: string, hooks: RelayHooks): Promise<Relay> {
  const { hostname, port } = new URL(`http://${target}`);
  const server = createServer((incoming, outgoing) => {
    const request = requestOf(incoming);
    const own = hooks.before(request);
    if (own !== undefined) {
      incoming.resume();
      outgoing.writeHead(own.status, own.headers).end(own.body);
      return;
    }
    const { method, url, headers } = incoming;
    const upstream = send({ hostname, port, method, path: url, headers }, (answer) =>
      giveBack(request, answer, outgoing, hooks),
    );
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function giveBack(
  request: RegistryRequest,
  answer: IncomingMessage,
  outgoing: ServerResponse,
  hooks: RelayHooks,
): void {
  const status = answer.statusCode ?? 502;
  const headers: OutgoingHttpHeaders = { ...answer.headers };
  hooks.after(request, { status, headers });
  outgoing.writeHead(status, headers);
  answer.pipe(outgoing);
}

function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage): RegistryRequest {
  const { pathname, searchParams } = new URL(url, 'http://registry');
  return { method, path: pathname, query: searchParams, headers };
}
