import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

/** A server running beside the test. It dies with the test's process. */
export interface ServerProcess {
  readonly pid: number;
  /** Everything it has printed so far. */
  readonly log: () => Promise<string>;
  /** Kills it without warning, as a power cut would. */
  readonly kill: () => Promise<void>;
  /** Ends it politely, and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server and waits until it is ready.
 *
 * @param folder - receives its output, `server.log`
 * @param isReady - asked again and again until it gives something else than `undefined`
 * @throws Error with the server's output if it ends, or is not ready in 120 s
 */
export async function startProcess<Ready>(
  command: readonly [file: string, ...args: string[]],
  folder: string,
  isReady: (log: string) => Promise<Ready | undefined> | Ready | undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess & { readonly ready: Ready }> {
  const [file, ...args] = command;
  const logFile = join(folder, 'server.log');
  const child = execa(file, args, {
    cwd: folder,
    env: environment,
    stdin: 'ignore',
    stdout: { file: logFile },
    stderr: { file: logFile },
    buffer: false,
    reject: false,
    forceKillAfterDelay: 5_000,
  });
  const log = async (): Promise<string> => readFile(logFile, 'utf8').catch(() => '');
  let ended: string | undefined;
  const end = (async () => {
    const result = await child;
    ended = result.shortMessage ?? `exit code ${result.exitCode}`;
  })();
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await end;
  };
  try {
    const ready = await waitFor(`${file} is ready`, async () => {
      if (ended !== undefined) throw new Error(`${file} ended: ${ended}`);
      return isReady(await log());
    });
    return {
      pid: child.pid ?? Number.NaN,
      ready,
      log,
      kill: async () => stop('SIGKILL'),
      stop: async () => stop('SIGTERM'),
    };
  } catch (error) {
    await stop('SIGKILL');
    throw new Error(`${String(error)}\n${await log()}`, { cause: error });
  }
}

/**
 * Waits for a condition: asks until the answer is not `undefined`.
 *
 * @param what - the condition in words, for the error
 */
export async function waitFor<Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs = 120_000,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await delay(15);
  }
}

/** Asks a loopback server something, trusting whatever certificate it shows; gives the status. */
export async function request(url: string): Promise<number> {
  const get = url.startsWith('https:') ? https.get : http.get;
  // `agent: false`: a connection kept alive would hold up the server's end.
  const question = get(url, { agent: false, rejectUnauthorized: false });
  const [answer] = (await once(question, 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** A port nobody listens on; for servers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A temporary folder, and how to be rid of it. */
export async function temporaryFolder(
  prefix: string,
): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  return { path, remove: async () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
