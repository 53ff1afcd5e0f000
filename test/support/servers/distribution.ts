import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Platform } from '../../../src/registry/manifest.ts';
import { binary } from './binaries.ts';
import { makeCertificate } from './certificate.ts';
import type { RegistryServer, RegistryServerOptions } from './registry-server.ts';
import { request, startProcess, temporaryFolder, waitFor } from './server-process.ts';

export interface DistributionOptions extends RegistryServerOptions {
  /** Let in only this user. */
  readonly htpasswd?: { readonly user: string; readonly password: string };
  /** Allow manifests and blobs to be deleted. */
  readonly delete?: boolean;
  /** The only platforms of an index that must be there (Distribution 3); all by default. */
  readonly platforms?: readonly Platform[];
}

/** One request that the registry has answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Path and query. */
  readonly uri: string;
  readonly status: number;
  readonly userAgent: string;
}

export interface DistributionServer extends RegistryServer {
  /** The requests answered so far, oldest first. */
  requests(): Promise<readonly AnsweredRequest[]>;
}

/** Debian's Distribution 2.8: no referrers API. */
export async function startDockerRegistry(
  options: DistributionOptions = {},
): Promise<DistributionServer> {
  return startDistribution('docker-registry', options);
}

/** Distribution 3: no referrers API either. */
export async function startDistribution3(
  options: DistributionOptions = {},
): Promise<DistributionServer> {
  return startDistribution('distribution3', options);
}

async function startDistribution(
  program: string,
  options: DistributionOptions,
): Promise<DistributionServer> {
  const { path: folder, remove } = await temporaryFolder(program);
  const storage = join(folder, 'storage');
  await mkdir(storage);
  const certificate = options.tls === true ? await makeCertificate(folder) : undefined;
  const configuration = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storage },
      delete: { enabled: options.delete === true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: '127.0.0.1:0',
      secret: randomUUID(),
      ...(certificate === undefined ? {} : { tls: certificate }),
    },
    ...(options.platforms === undefined
      ? {}
      : {
          validation: {
            manifests: { indexes: { platforms: 'list', platformlist: options.platforms } },
          },
        }),
    ...(options.htpasswd === undefined
      ? {}
      : {
          auth: {
            htpasswd: { realm: 'test', path: await writeHtpasswd(folder, options.htpasswd) },
          },
        }),
  };
  const file = join(folder, 'config.yml');
  await writeFile(file, JSON.stringify(configuration)); // JSON is YAML
  const server = await startProcess(
    [binary(program), 'serve', file],
    folder,
    (log) => /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1],
    { OTEL_TRACES_EXPORTER: 'none' },
  );
  const host = server.ready;
  const url = `${certificate === undefined ? 'http' : 'https'}://${host}`;
  await request(`${url}/v2/?marker=start`);
  return {
    host,
    url,
    ca: certificate?.certificate,
    storage,
    log: server.log,
    requests: async () => answeredRequests(url, server.log),
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}

/**
 * Reads the log up to a request of our own: the log is written after the answer is sent, so what a
 * client has just been answered may not be in it yet.
 */
async function answeredRequests(
  url: string,
  log: () => Promise<string>,
): Promise<readonly AnsweredRequest[]> {
  const marker = `/v2/?marker=${randomUUID()}`;
  await request(`${url}${marker}`);
  return waitFor('the registry has logged our request', async () => {
    const requests = parseLog(await log());
    const seen = requests.findIndex(({ uri }) => uri === marker);
    return seen === -1 ? undefined : requests.slice(0, seen).filter(isForeign);
  });
}

// The access log, in Apache's combined format. The registry's other log leaves refused requests out.
const ACCESS =
  /^\S+ \S+ \S+ \[[^\]]+\] "(?<method>\S+) (?<uri>\S+) [^"]+" (?<status>\d+) \d+ "[^"]*" "(?<userAgent>[^"]*)"$/gm;

function parseLog(log: string): AnsweredRequest[] {
  return Array.from(log.matchAll(ACCESS), ({ groups }): AnsweredRequest => ({
    method: groups?.['method'] ?? '',
    uri: groups?.['uri'] ?? '',
    status: Number(groups?.['status']),
    userAgent: groups?.['userAgent'] ?? '',
  }));
}

function isForeign({ uri }: AnsweredRequest): boolean {
  return !uri.startsWith('/v2/?marker=');
}

async function writeHtpasswd(
  folder: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<string> {
  const file = join(folder, 'htpasswd');
  // -B: Distribution accepts bcrypt alone. -C 4: the cheapest, since every request pays for it.
  const { stdout } = await execa(binary('htpasswd'), ['-niBC', '4', user], { input: password });
  await writeFile(file, stdout);
  return file;
}
