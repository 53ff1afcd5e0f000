import { once } from 'node:events';
import { Agent, request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A request that was read whole. */
export interface WholeRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** The real server behind a fault proxy. */
export class Upstream {
  readonly #host: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param host - `127.0.0.1:41234` */
  constructor(host: string) {
    this.#host = host;
  }

  /** Lets it carry out a request. The client's `Host` goes with it: answers are made by that. */
  async ask(request: WholeRequest): Promise<WholeAnswer> {
    const answer = await this.#answerTo(request);
    const body = await bytesOf(answer);
    const headers = Object.entries(answer.headers).filter(
      ([name, value]) => value !== undefined && !HOP_BY_HOP.has(name),
    ) as [string, string | readonly string[]][];
    // Of a HEAD the length is part of the answer.
    const length =
      request.method === 'HEAD' ? answer.headers['content-length'] : String(body.length);
    const sized = length === undefined ? [] : ([['content-length', length]] as const);
    return {
      status: answer.statusCode ?? 502,
      headers: Object.fromEntries([...headers, ...sized]),
      body,
    };
  }

  async #answerTo(request: WholeRequest): Promise<IncomingMessage> {
    const outgoing = this.#open(request, this.#agent);
    outgoing.end(request.body);
    try {
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      return answer;
    } catch (error) {
      // It closed a kept connection just when it was taken up again, which is no fault of a schedule.
      if (!outgoing.reusedSocket) throw error;
      return this.#answerTo(request);
    }
  }

  /** Lets it hear a part of a request, and then nothing more. */
  async askInPart(request: WholeRequest, bytes: number): Promise<void> {
    const outgoing = this.#open(request, false);
    outgoing.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      outgoing.on('close', resolve);
      outgoing.write(request.body.subarray(0, bytes), () => outgoing.destroy());
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #open({ method, path, headers, body }: WholeRequest, agent: Agent | false) {
    const { hostname, port } = new URL(`http://${this.#host}`);
    const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
    const sized = {
      ...Object.fromEntries(kept),
      ...(method === 'GET' || method === 'HEAD' ? {} : { 'content-length': String(body.length) }),
    };
    return send({ hostname, port, method, path, headers: sized, agent });
  }
}

/** All bytes of a message; fails where it is cut off. */
export async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
