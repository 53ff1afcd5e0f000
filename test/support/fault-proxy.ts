import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What happens to a write on its way. `after`: the server has carried it out before its answer is
 * replaced or the connection is cut.
 */
export type Fault =
  | {
      readonly kind: 'status';
      readonly after?: boolean;
      readonly status: number;
      readonly code: string;
    }
  | { readonly kind: 'reset'; readonly after?: boolean }
  | { readonly kind: 'slow'; readonly ms: number };

/** Stands between a client and a real server, and does harm to the writes it is told to. */
export class FaultProxy {
  readonly url: string;
  /** Taken from the front, one by each write. */
  readonly faults: Fault[] = [];
  /** Writes that came, faulty or not. */
  writes = 0;
  readonly #target: URL;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(target: string, server: ReturnType<typeof createServer>) {
    this.#target = new URL(target);
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param target - base URL of the server; paths go through as they are */
  static async start(target: string): Promise<FaultProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new FaultProxy(target, server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      proxy.#pass(request, response).catch(() => request.socket.destroy());
    });
    return proxy;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    const isWrite = request.method === 'PUT' || request.method === 'POST';
    if (isWrite) this.writes += 1;
    const fault = isWrite ? this.faults.shift() : undefined;
    if (fault?.kind === 'slow') await delay(fault.ms);
    const isBefore = fault !== undefined && fault.kind !== 'slow' && fault.after !== true;
    const answer = isBefore ? undefined : await this.#forward(request, body);
    if (fault?.kind === 'reset') {
      request.socket.destroy();
    } else if (fault?.kind === 'status') {
      const { status, code } = fault;
      const headers = { 'content-type': 'application/xml', 'x-ms-error-code': code };
      response.writeHead(status, headers);
      response.end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>fault</Message></Error>`,
      );
    } else {
      response.writeHead(answer?.status ?? 502, answer?.headers ?? {}).end(answer?.body);
    }
  }

  async #forward(request: IncomingMessage, body: Buffer) {
    // With the client's own Host: it is part of what is signed.
    const forwarded = send({
      host: this.#target.hostname,
      port: this.#target.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, headers: answer.headers, body: await bytesOf(answer) };
  }
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
