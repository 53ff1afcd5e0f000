import { once } from 'node:events';
import {
  createServer,
  request as send,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request as a witness heard it. */
export interface Heard {
  readonly method: string;
  /** With the query; absolute where the witness is used as a proxy. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface WitnessAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers in the server's place; `undefined` leaves the request to it, `cut` closes the connection. */
export type Reply = (request: Heard) => WitnessAnswer | 'cut' | undefined;

/** What stands before a server, hears every word that is said to it, and may answer instead. */
export interface Witness {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  /** All that was said, as text: addresses, headers, bodies. */
  readonly heard: () => string;
  reply: Reply;
}

/** @param server - base URL of the server behind it; none for a proxy, or one that only replies */
export async function startWitness(
  test: TestContext,
  server?: string,
  reply: Reply = () => undefined,
): Promise<Witness> {
  const requests: Heard[] = [];
  const listener = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  test.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const witness: Witness = {
    host,
    url: `http://${host}`,
    heard: () => requests.map(textOf).join('\n'),
    reply,
  };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(chunks) };
    requests.push(request);
    const given = witness.reply(request);
    if (given === 'cut') return void incoming.socket.destroy();
    if (given !== undefined) {
      return void outgoing.writeHead(given.status, given.headers).end(given.body);
    }
    forward(request, new URL(url, server), outgoing);
  }

  function forward({ method, headers, body }: Heard, to: URL, outgoing: ServerResponse): void {
    // What is said to a proxy goes no further.
    const { 'proxy-authorization': _proxy, ...end } = headers;
    const onward = send(to, { method, headers: { ...end, host: to.host } }, (response) => {
      const own = Object.entries(response.headers).map(([name, value]) => [
        name,
        // What leads back to the server leads back to its witness.
        String(value).replaceAll(to.host, server === undefined ? to.host : host),
      ]);
      outgoing.writeHead(response.statusCode ?? 502, Object.fromEntries(own));
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
  }

  return witness;
}

function textOf({ method, url, headers, body }: Heard): string {
  return [`${method} ${url}`, decodeURIComponent(url), JSON.stringify(headers), String(body)].join(
    '\n',
  );
}
