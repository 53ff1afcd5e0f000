import { once } from 'node:events';
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A moment in the life of a request. `half sent`: the server has half of its body. `carried out`: the
 * server has done what it asks, and the client does not know. `half answered`: the client has half of
 * the answer's body.
 */
export const MOMENTS = ['arrives', 'half sent', 'carried out', 'half answered'] as const;
export type Moment = (typeof MOMENTS)[number];

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Requests of a job; those that write are counted by themselves, too, since they are fewer and matter more. */
export interface Counted {
  readonly requests: number;
  readonly writes: number;
}

/** Strikes at a moment of the n-th request that comes to any of the relays that share it. */
export class Ambush {
  /** So far. */
  seen: Counted = { requests: 0, writes: 0 };
  /** What was struck at: `PUT /v2/app/manifests/1.0, half sent`; `undefined` as long as nothing was. */
  struckAt: string | undefined;
  readonly #nth: number;
  readonly #counts: keyof Counted;
  readonly #moment: Moment;
  readonly #strike: () => Promise<'dead' | 'alive'>;

  /**
   * @param at - which one, counted from one; none for 0
   * @param strike - tells whether there is anybody left to answer
   */
  constructor(
    at: { readonly nth: number; readonly counts: keyof Counted; readonly moment: Moment },
    strike: () => Promise<'dead' | 'alive'>,
  ) {
    this.#nth = at.nth;
    this.#counts = at.counts;
    this.#moment = at.moment;
    this.#strike = strike;
  }

  /** What is to happen to the request that has just come, if it is the one. */
  next(method: string, url: string): Struck | undefined {
    const isWrite = !READS.has(method);
    const { requests, writes } = this.seen;
    this.seen = { requests: requests + 1, writes: writes + (isWrite ? 1 : 0) };
    if (this.seen[this.#counts] !== this.#nth || (this.#counts === 'writes' && !isWrite)) {
      return undefined;
    }
    this.struckAt = `${method} ${url}, ${this.#moment}`;
    return { at: this.#moment, strike: this.#strike };
  }
}

interface Struck {
  readonly at: Moment;
  readonly strike: () => Promise<'dead' | 'alive'>;
}

/** Counts, and never strikes. */
export function counting(): Ambush {
  return new Ambush({ nth: 0, counts: 'requests', moment: 'arrives' }, async () => 'alive');
}

/** Stands before a server on loopback, which believes that its clients mean the relay. */
export interface KillRelay {
  /** What clients connect to: `127.0.0.1:41234`. */
  readonly host: string;
  readonly close: () => Promise<void>;
}

/**
 * @param target - `host:port`
 * @param ambush - the one that is laid at this moment
 */
export async function startKillRelay(
  target: string,
  ambush: () => Ambush | undefined,
): Promise<KillRelay> {
  const { hostname, port } = new URL(`http://${target}`);
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing, { hostname, port }, ambush()).catch(() => {
      // Whoever asked is dead, or learns it by a connection that is cut.
      incoming.socket.destroy();
    });
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

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  to: RequestOptions,
  ambush: Ambush | undefined,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const struck = ambush?.next(method, url);
  /** Strikes if this is the moment; rejects where nobody is left to go on for. */
  const at = async (moment: Moment): Promise<void> => {
    if (struck?.at !== moment) return;
    if ((await struck.strike()) === 'dead') throw new Error('the client is dead');
  };

  await at('arrives');
  const body = await bytesOf(incoming);
  const upstream = send({ ...to, method, path: url, headers });
  const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
  try {
    if (struck?.at === 'half sent') {
      upstream.write(body.subarray(0, body.byteLength / 2));
      await at('half sent');
      upstream.end(body.subarray(body.byteLength / 2));
    } else upstream.end(body);
    const [answer] = await answered;
    const content = await bytesOf(answer);
    await at('carried out');
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    if (struck?.at === 'half answered') {
      outgoing.write(content.subarray(0, content.byteLength / 2));
      await at('half answered');
    }
    const rest = struck?.at === 'half answered' ? content.byteLength / 2 : 0;
    outgoing.end(content.subarray(rest));
  } catch (error) {
    answered.catch(() => undefined);
    upstream.destroy();
    throw error;
  }
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
