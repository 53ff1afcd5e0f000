import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './binaries.ts';
import { makeCertificate } from './certificate.ts';
import type { RegistryServer, RegistryServerOptions } from './registry-server.ts';
import { freePort, request, startProcess, temporaryFolder } from './server-process.ts';

export interface OlaregOptions extends RegistryServerOptions {
  /** Allow manifests to be deleted. */
  readonly delete?: boolean;
}

/** olareg: small, and it has the referrers API. */
export async function startOlareg(options: OlaregOptions = {}): Promise<RegistryServer> {
  const { path: folder, remove } = await temporaryFolder('olareg');
  const storage = join(folder, 'storage');
  await mkdir(storage);
  const certificate = options.tls === true ? await makeCertificate(folder) : undefined;
  const host = `127.0.0.1:${await freePort()}`;
  const url = `${certificate === undefined ? 'http' : 'https'}://${host}`;
  const store = ['--verbosity', 'debug', '--dir', storage];
  const deletes = options.delete === true ? ['--api-delete'] : [];
  const listen = ['--addr', '127.0.0.1', '--port', new URL(url).port];
  const tls =
    certificate === undefined
      ? []
      : ['--tls-cert', certificate.certificate, '--tls-key', certificate.key];
  const server = await startProcess(
    [binary('olareg'), 'serve', ...store, ...deletes, ...listen, ...tls],
    folder,
    async () => request(`${url}/v2/`).catch(() => undefined),
  );
  return {
    host,
    url,
    ca: certificate?.certificate,
    storage,
    log: server.log,
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}
