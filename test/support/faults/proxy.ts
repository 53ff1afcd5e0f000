import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  answer,
  corrupted,
  errorAnswer,
  limitAnswer,
  sendAnswer,
  sendPart,
  truncated,
} from './answers.ts';
import type { Fault, Role } from './fault.ts';
import type { Schedule } from './schedule.ts';
import type { TokenDoor } from './token-door.ts';
import { bytesOf, Upstream, type WholeAnswer, type WholeRequest } from './upstream.ts';

/** Where redirects of a proxy lead: `name:port`. */
export interface Elsewhere {
  readonly other: string;
  readonly trap: string;
}

export interface FaultProxyOptions {
  readonly role: Role;
  /** The real server: `127.0.0.1:41234`. */
  readonly upstream: string;
  readonly schedule: Schedule;
  /** What a path is called in the schedule, whatever differs in it between two runs. */
  readonly label: (path: string) => string;
  /** As the client knows the time, milliseconds since 1970. */
  readonly now: () => number;
  /** Tokens that are wanted here; none without. */
  readonly door?: TokenDoor;
  readonly elsewhere?: Elsewhere;
  /** Is told what the real server has answered, and waited for. */
  readonly witness?: (request: WholeRequest, answer: WholeAnswer) => Promise<void>;
}

export interface FaultProxy {
  readonly port: number;
  /** What came here, `METHOD path`; set its length to 0 to forget it. */
  readonly seen: string[];
  close(): Promise<void>;
}

const MOVED = '/moved';
const CIRCLE = '/circle';
const TOKEN = '/token';

/** Stands between the job and a real server, and does the harm that a schedule says. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const passage = new Passage(options);
  const server = createServer((incoming, outgoing) => {
    passage.pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  // Those that are held back in a stall end when the client gives up.
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    seen: passage.seen,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      passage.close();
    },
  };
}

class Passage {
  readonly seen: string[] = [];
  readonly #options: FaultProxyOptions;
  readonly #upstream: Upstream;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#upstream = new Upstream(options.upstream);
  }

  close(): void {
    this.#upstream.close();
  }

  async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', headers, url = '/' } = incoming;
    const { label, schedule } = this.#options;
    if (url.startsWith(CIRCLE)) {
      await sendAnswer(answer(307, '', { location: `${CIRCLE}${url}` }), outgoing);
      return;
    }
    const path = url.startsWith(MOVED) ? url.slice(MOVED.length) : url;
    this.seen.push(`${method} ${path}`);
    const role = path.startsWith(TOKEN) && this.#options.door ? 'token' : this.#options.role;
    const fault = schedule.faultFor(role, method, label(path));
    const request = { method, path, headers, body: await bytesOf(incoming) };
    await this.#suffer(fault, request, outgoing);
  }

  async #suffer(
    fault: Fault | undefined,
    request: WholeRequest,
    outgoing: ServerResponse,
  ): Promise<void> {
    switch (fault?.kind) {
      case undefined:
        return sendAnswer(await this.#serve(request), outgoing);
      case 'latency':
        await delay(fault.ms);
        return sendAnswer(await this.#serve(request), outgoing);
      case 'dribble':
        return sendAnswer(await this.#serve(request), outgoing, fault.pieces);
      case 'reset':
        return this.#reset(fault, request, outgoing);
      case 'truncate':
        return sendAnswer(truncated(await this.#serve(request), fault.fraction), outgoing);
      case 'corrupt':
        return this.#corrupt(fault, request, outgoing);
      case 'limit':
        return sendAnswer(limitAnswer(fault, this.#options.now()), outgoing);
      case 'error':
        if (fault.after) await this.#serve(request);
        return sendAnswer(errorAnswer(fault, this.#options.now()), outgoing);
      case 'expire':
        this.#options.door?.expireAll();
        return sendAnswer(await this.#serve(request), outgoing);
      case 'stall':
        return this.#stall(fault, request, outgoing);
      case 'redirect':
        return sendAnswer(this.#redirect(fault, request), outgoing);
    }
  }

  async #reset(
    { at, fraction, abrupt }: Extract<Fault, { kind: 'reset' }>,
    request: WholeRequest,
    outgoing: ServerResponse,
  ): Promise<void> {
    if (at === 'reply') {
      await sendPart(await this.#serve(request), outgoing, fraction);
    } else if (request.body.length > 0 && this.#isAdmitted(request)) {
      await this.#upstream.askInPart(
        this.#forUpstream(request),
        Math.floor(fraction * request.body.length),
      );
    }
    if (abrupt) outgoing.socket?.resetAndDestroy();
    else outgoing.socket?.destroy();
  }

  async #corrupt(
    { at, fraction }: Extract<Fault, { kind: 'corrupt' }>,
    request: WholeRequest,
    outgoing: ServerResponse,
  ): Promise<void> {
    if (at === 'request') {
      const changed = { ...request, body: corrupted(request.body, fraction) };
      return sendAnswer(await this.#serve(changed), outgoing);
    }
    const whole = await this.#serve(request);
    return sendAnswer({ ...whole, body: corrupted(whole.body, fraction) }, outgoing);
  }

  async #stall(
    { when }: Extract<Fault, { kind: 'stall' }>,
    request: WholeRequest,
    outgoing: ServerResponse,
  ): Promise<void> {
    if (when === 'before') return;
    const whole = await this.#serve(request);
    if (when === 'middle') await sendPart(whole, outgoing, 0.6);
  }

  #redirect({ to }: Extract<Fault, { kind: 'redirect' }>, { path }: WholeRequest): WholeAnswer {
    const { elsewhere, role } = this.#options;
    const locations = {
      same: `${MOVED}${path}`,
      circle: `${CIRCLE}${path}`,
      other: `http://${elsewhere?.other}/${role}${path}`,
      trap: `http://${elsewhere?.trap}/${role}${path}`,
    };
    return answer(307, '', { location: locations[to] });
  }

  async #serve(request: WholeRequest): Promise<WholeAnswer> {
    const { door } = this.#options;
    if (door !== undefined && request.path.startsWith(TOKEN)) {
      const { status, body } = door.issue(request.headers.authorization);
      return answer(status, body, { 'content-type': 'application/json' });
    }
    if (!this.#isAdmitted(request)) {
      const realm = `http://${request.headers.host ?? ''}${TOKEN}`;
      return answer(401, JSON.stringify({ errors: [{ code: 'UNAUTHORIZED' }] }), {
        'www-authenticate': `Bearer realm="${realm}",service="registry"`,
      });
    }
    const answered = await this.#upstream.ask(this.#forUpstream(request));
    await this.#options.witness?.(request, answered);
    return answered;
  }

  #isAdmitted({ headers }: WholeRequest): boolean {
    return this.#options.door?.admits(headers.authorization) ?? true;
  }

  /** Our own tokens are nothing that the server behind knows. */
  #forUpstream(request: WholeRequest): WholeRequest {
    if (this.#options.door === undefined) return request;
    const { authorization: _, ...headers } = request.headers;
    return { ...request, headers };
  }
}
