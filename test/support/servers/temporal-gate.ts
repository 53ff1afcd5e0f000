import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';

/** What stands between a worker and Temporal, and can refuse, like the vendor's gateway. */
export interface TemporalGate {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Every token that was shown, once each, in order. */
  readonly tokens: readonly string[];
  /** Who is let through. Streams that are open stay open, as long polls do. */
  accept(isAccepted: (token: string | undefined) => boolean): void;
  /** Breaks every connection and listens no more, until `reopen`. */
  close(): Promise<void>;
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const UNAVAILABLE = '14';
const UNAUTHENTICATED = '16';

/**
 * Relays gRPC to `target`, call by call.
 *
 * @param certificate - contents to serve TLS with; plain without
 */
export async function openTemporalGate(
  target: string,
  certificate?: { readonly [Part in keyof Certificate]: string },
): Promise<TemporalGate> {
  const tokens: string[] = [];
  const sessions = new Set<http2.Http2Session>();
  let isAccepted = acceptAll;
  let onward: http2.ClientHttp2Session | undefined;
  let port = 0;
  let server = create();
  await listen();

  function create(): http2.Http2Server {
    const made =
      certificate === undefined
        ? http2.createServer()
        : http2.createSecureServer({ cert: certificate.certificate, key: certificate.key });
    made.on('session', (session) => {
      sessions.add(session);
      session.on('close', () => sessions.delete(session));
      session.on('error', () => session.destroy());
    });
    made.on('stream', relay);
    return made;
  }

  async function listen(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  function relay(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    stream.on('error', () => stream.destroy());
    const token = headers.authorization?.replace(/^Bearer /, '');
    if (token !== undefined && !tokens.includes(token)) tokens.push(token);
    if (!isAccepted(token)) {
      refuse(stream, UNAUTHENTICATED, 'Request unauthorized.');
      return;
    }
    const { connection: _, ...rest } = headers;
    const call = session().request({ ...rest, ':authority': target });
    call.on('error', () => refuse(stream, UNAVAILABLE, 'upstream is gone'));
    call.on('response', (answer) => {
      if (stream.headersSent || stream.destroyed) return;
      stream.respond(answer, { waitForTrailers: true });
      let trailers: http2.IncomingHttpHeaders = {};
      call.on('trailers', (given) => {
        trailers = given;
      });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      call.pipe(stream);
    });
    stream.on('close', () => call.close());
    stream.pipe(call);
  }

  function session(): http2.ClientHttp2Session {
    if (onward === undefined || onward.closed || onward.destroyed) {
      onward = http2.connect(`http://${target}`);
      onward.on('error', () => undefined);
    }
    return onward;
  }

  async function close(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    for (const session of sessions) session.destroy();
    await closed;
  }

  return {
    get address() {
      return `127.0.0.1:${port}`;
    },
    tokens,
    accept(next) {
      isAccepted = next;
    },
    close,
    async reopen() {
      server = create();
      await listen();
    },
    async stop() {
      if (server.listening) await close();
      onward?.destroy();
    },
  };
}

function acceptAll(_token: string | undefined): boolean {
  return true;
}

function refuse(stream: http2.ServerHttp2Stream, status: string, message: string): void {
  if (stream.headersSent || stream.destroyed) {
    stream.destroy();
    return;
  }
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': status,
      'grpc-message': message,
    },
    { endStream: true },
  );
}
