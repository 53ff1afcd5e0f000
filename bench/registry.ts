import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '../test/support/servers/binaries.ts';
import type { Certificate } from '../test/support/servers/certificate.ts';
import { request, startProcess } from '../test/support/servers/server-process.ts';
import type { Traffic } from './latency-proxy.ts';

export interface BenchRegistryOptions {
  /** Receives the server's configuration and log. */
  readonly folder: string;
  /** Where it keeps what it holds. */
  readonly storage: string;
  readonly port: number;
  readonly certificate: Certificate | undefined;
  /** Log every request; that costs the server something, so it is off while time is taken. */
  readonly isLogged: boolean;
}

export interface BenchRegistry {
  readonly port: number;
  /** `METHOD path` of every request answered, where they are logged. */
  requests(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Debian's Distribution 2.8 on a port that stays the same from start to start. */
export async function startBenchRegistry(options: BenchRegistryOptions): Promise<BenchRegistry> {
  const { folder, storage, port, certificate, isLogged } = options;
  await mkdir(storage, { recursive: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'config.yml');
  const configuration = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: !isLogged } },
    storage: {
      cache: { blobdescriptor: 'inmemory' },
      filesystem: { rootdirectory: storage, maxthreads: 200 },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: 'bench',
      ...(certificate === undefined
        ? {}
        : { tls: { certificate: certificate.certificate, key: certificate.key } }),
    },
  };
  await writeFile(file, JSON.stringify(configuration)); // JSON is YAML
  const scheme = certificate === undefined ? 'http' : 'https';
  const server = await startProcess([binary('docker-registry'), 'serve', file], folder, async () =>
    request(`${scheme}://127.0.0.1:${port}/v2/?ready`).catch(() => undefined),
  );
  return {
    port,
    async requests() {
      const lines = (await server.log()).matchAll(/"(?<method>[A-Z]+) (?<uri>\/\S*) HTTP/g);
      return Array.from(lines, ({ groups }) => `${groups?.['method']} ${groups?.['uri']}`).filter(
        (line) => !line.endsWith('/v2/?ready'),
      );
    },
    stop: server.stop,
  };
}

/** Forgets everything a registry holds. */
export async function emptyStorage(storage: string): Promise<void> {
  await rm(storage, { recursive: true, force: true, maxRetries: 3 });
}

/** A proxy in a process of its own, so that its work is not the measuring one's. */
export interface ProxyProcess {
  readonly port: number;
  /** Ends it; tells what went through. */
  stop(): Promise<Traffic>;
}

export async function startProxyProcess(
  {
    upstream,
    delayMs,
    port,
  }: { readonly upstream: number; readonly delayMs: number; readonly port: number },
  folder: string,
): Promise<ProxyProcess> {
  await mkdir(folder, { recursive: true });
  const script = join(import.meta.dirname, 'latency-proxy.ts');
  const server = await startProcess(
    [process.execPath, script, ...[upstream, delayMs, port].map(String)],
    folder,
    (log) => /listening on (\d+)/.exec(log)?.[1],
  );
  return {
    port: Number(server.ready),
    async stop() {
      await server.stop();
      const [line] = /\{.*\}/.exec(await server.log()) ?? ['{"connections":0,"up":0,"down":0}'];
      return JSON.parse(line) as Traffic;
    },
  };
}
