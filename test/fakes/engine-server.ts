import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One request as it came. */
export interface EngineRequest {
  readonly method: string;
  /** Without the version before it. */
  readonly path: string;
  readonly version: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a scripted engine answers. Text is sent as it is, everything else as JSON. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: unknown;
  /** Sends the body, and then neither more nor the end. */
  readonly hangs?: boolean;
  /** Sends the body, and then cuts the connection. */
  readonly cuts?: boolean;
}

/** `undefined` is 404, as of an engine that has nothing. */
export type Script = (
  request: EngineRequest,
) => ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>;

/** Docker 20.10.24, when it is asked for its version. */
export const docker20 = {
  Version: '20.10.24',
  ApiVersion: '1.41',
  MinAPIVersion: '1.12',
  Arch: 'amd64',
  Components: [{ Name: 'Engine' }],
} as const;

/** Podman 4.3.1, when it is asked for its version. */
export const podman4 = {
  Version: '4.3.1',
  ApiVersion: '1.41',
  MinAPIVersion: '4.0.0',
  Arch: 'amd64',
  Components: [{ Name: 'Podman Engine' }],
} as const;

/** A Unix socket behind which a script answers as an engine would. */
export class ScriptedEngine {
  readonly socketPath: string;
  readonly requests: EngineRequest[] = [];
  script: Script;
  version: unknown = docker20;
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #folder: string;

  private constructor(folder: string, script: Script) {
    this.#folder = folder;
    this.socketPath = join(folder, 'engine.sock');
    this.script = script;
  }

  static async start(script: Script = () => undefined): Promise<ScriptedEngine> {
    const engine = new ScriptedEngine(await mkdtemp(join(tmpdir(), 'engine-')), script);
    await engine.listen();
    return engine;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.socketPath);
    await once(this.#server, 'listening');
  }

  /** Goes away, with every connection. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  readonly stop = async (): Promise<void> => {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  };

  /** Methods and paths so far, without the question for the version. */
  get asked(): readonly string[] {
    return this.requests
      .filter(({ path }) => path !== '/version')
      .map(({ method, path }) => `${method} ${path}`);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    this.requests.push(request);
    const answer =
      request.path === '/version'
        ? { status: 200, body: this.version }
        : ((await this.script(request)) ?? { status: 404, body: { message: 'no such thing' } });
    const { status, body = '', hangs = false, cuts = false } = answer;
    response.writeHead(status);
    response.write(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    if (cuts) setImmediate(() => response.destroy());
    else if (!hangs) response.end();
  }
}

async function read(incoming: IncomingMessage): Promise<EngineRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://engine');
  const [, version = '', path = url.pathname] = /^(\/v1\.\d+)?(\/.*)$/.exec(url.pathname) ?? [];
  return {
    method: incoming.method ?? '',
    path,
    version: version.slice(1),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
