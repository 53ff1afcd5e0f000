import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const MARKETPLACE_PATH = '/api/service/marketplace/latest-releases';

/** An entry as the endpoint writes it; anything goes, so that tests can send what is wrong. */
export type AnnouncedRelease = Readonly<Record<string, unknown>>;

/** One scripted answer. */
export interface MarketplaceReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Cuts the connection instead of answering. */
  readonly hangUp?: boolean;
  /** Never answers; ends when the client gives up. */
  readonly silent?: boolean;
}

export interface MarketplaceRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A releases endpoint on loopback that wants a bearer token, as the vendor's does. */
export interface Marketplace {
  /** Base URL, as it goes into `releases.url`. */
  readonly url: string;
  readonly requests: readonly MarketplaceRequest[];
  /** Replaces what is announced. */
  announce(releases: readonly AnnouncedRelease[]): void;
  /** Queues answers that come before the announced ones, one a request. */
  script(...replies: readonly MarketplaceReply[]): void;
  close(): Promise<void>;
}

export async function startMarketplace({
  token = 'marketplace-token',
  releases = [],
}: {
  readonly token?: string;
  readonly releases?: readonly AnnouncedRelease[];
} = {}): Promise<Marketplace> {
  let announced = releases;
  const scripted: MarketplaceReply[] = [];
  const requests: MarketplaceRequest[] = [];

  const server = createServer((request, response) => {
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
    });
    send(scripted.shift() ?? answer(request, token, announced), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    announce: (next) => {
      announced = next;
    },
    script: (...replies) => {
      scripted.push(...replies);
    },
    close,
  };
}

function answer(
  request: IncomingMessage,
  token: string,
  releases: readonly AnnouncedRelease[],
): MarketplaceReply {
  if (request.method !== 'GET' || request.url !== MARKETPLACE_PATH) {
    return { status: 404, body: { detail: 'Not Found' } };
  }
  if (request.headers.authorization !== `Bearer ${token}`) {
    return { status: 401, body: { detail: 'Could not validate credentials' } };
  }
  return { body: { releases } };
}

function send(reply: MarketplaceReply, response: ServerResponse): void {
  if (reply.silent === true) return;
  if (reply.hangUp === true) {
    response.destroy();
    return;
  }
  const { status = 200, headers = {}, body = '' } = reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
