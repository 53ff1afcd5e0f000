import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createGate, TOKEN_PATH, type AuthOptions } from './auth.ts';
import { Uploads, type BlobRules } from './blobs.ts';
import type { Answer, CutRequest, RegistryRequest, RequestBody } from './exchange.ts';
import type { ManifestRules } from './manifests.ts';
import { dispatch, routeOf, scopesOf } from './router.ts';
import { RegistryStore } from './store.ts';

/**
 * Sees every request before it is answered. May answer itself, cut the connection, or call `next`
 * for the registry's own answer and change it. `undefined` leaves the request alone.
 */
export type Intercept = (
  request: RegistryRequest,
  next: () => Promise<Answer>,
) => Answer | CutRequest | undefined | Promise<Answer | CutRequest | undefined>;

export interface RegistryOptions extends Partial<ManifestRules>, Partial<BlobRules> {
  readonly auth?: AuthOptions;
  readonly intercept?: Intercept;
  /** PEM key and certificate; plain http without. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Content to begin with, for example another registry's. */
  readonly store?: RegistryStore;
}

/** One request as it came in. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** `authorization` is cut down to its scheme. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Bytes of the body. */
  readonly received: number;
  /** `0` if the connection was closed instead of answered. */
  readonly status: number;
}

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `http://127.0.0.1:PORT` or `https://…` */
  readonly url: string;
  readonly store: RegistryStore;
  /** Every request since the start or the last `forget`, in the order they were answered. */
  readonly requests: readonly RecordedRequest[];
  forget(): void;
  /** Upload sessions begun and not finished. */
  readonly openUploads: number;
  /** Replaces the fault hook. */
  intercept(hook: Intercept | undefined): void;
  /** Makes every token given so far worthless. */
  revokeTokens(): void;
  close(): Promise<void>;
}

/** Starts a registry in this process, in memory, on a free port of the loopback interface. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const store = options.store ?? new RegistryStore();
  const uploads = new Uploads(store, {
    mounts: options.mounts ?? true,
    singlePost: options.singlePost ?? true,
  });
  const rules: ManifestRules = {
    referrersApi: options.referrersApi ?? true,
    referrersPageSize: options.referrersPageSize ?? 100,
    sparseIndexes: options.sparseIndexes ?? false,
  };
  const gate = createGate(options.auth, () => url);
  const requests: RecordedRequest[] = [];
  let { intercept } = options;

  const answer = async (incoming: IncomingMessage, limit: number): Promise<Answer> => {
    const request = requestOf(incoming);
    if (request.path === TOKEN_PATH) return gate.token(request);
    const route = routeOf(request.path);
    const refused = gate.check(request, scopesOf(route, request));
    if (refused !== undefined) return refused;
    const body = await readBody(incoming, limit);
    return dispatch(route, request, body, { store, uploads, rules });
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let status = 0;
    try {
      const chosen = await intercept?.(requestOf(incoming), () => answer(incoming, Infinity));
      if (chosen !== undefined && 'cutRequestAfter' in chosen) {
        await answer(incoming, chosen.cutRequestAfter);
        incoming.socket.destroy();
      } else {
        const given = chosen ?? (await answer(incoming, Infinity));
        if (!incoming.complete && incoming.destroyed) return;
        ({ status } = given);
        // A request whose body nobody wanted must be read all the same to keep the connection.
        incoming.resume();
        send(incoming, outgoing, given);
      }
    } finally {
      requests.push(recordOf(incoming, status));
    }
  };

  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    handle(incoming, outgoing).catch((error: unknown) => {
      incoming.socket.destroy(error instanceof Error ? error : undefined);
    });
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${options.tls === undefined ? 'http' : 'https'}://${host}`;

  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    host,
    url,
    store,
    requests,
    forget: () => {
      requests.length = 0;
    },
    get openUploads() {
      return uploads.open;
    },
    intercept: (hook) => {
      intercept = hook;
    },
    revokeTokens: () => gate.revoke(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function requestOf(incoming: IncomingMessage): RegistryRequest {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://registry');
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: incoming.headers,
  };
}

const received = new WeakMap<IncomingMessage, number>();

async function readBody(incoming: IncomingMessage, limit: number): Promise<RequestBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  incoming.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk.subarray(0, Math.max(limit - size, 0)));
    size += chunk.byteLength;
    received.set(incoming, size);
    if (size >= limit) resolve(false);
  });
  incoming.once('end', () => resolve(true));
  // The client went away: what came is kept in its upload session, as real registries do.
  incoming.once('close', () => resolve(false));
  if (incoming.destroyed) resolve(false);
  const complete = await promise;
  return { bytes: Buffer.concat(chunks), complete };
}

function send(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body ?? '');
  outgoing.writeHead(answer.status, { 'content-length': body.byteLength, ...answer.headers });
  if (incoming.method === 'HEAD' || answer.status === 204) {
    outgoing.end();
  } else if (answer.stallAfter !== undefined) {
    outgoing.flushHeaders();
    outgoing.write(body.subarray(0, answer.stallAfter));
  } else if (answer.cutAfter === undefined) {
    outgoing.end(body);
  } else {
    // The headers must leave even when no byte of the body does.
    outgoing.flushHeaders();
    outgoing.write(body.subarray(0, answer.cutAfter), () => incoming.socket.destroy());
  }
}

function recordOf(incoming: IncomingMessage, status: number): RecordedRequest {
  const { authorization, ...headers } = incoming.headers;
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: {
      ...headers,
      ...(authorization === undefined ? {} : { authorization: authorization.split(' ')[0] }),
    },
    received: received.get(incoming) ?? 0,
    status,
  };
}
