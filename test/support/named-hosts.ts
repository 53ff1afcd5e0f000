import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerOptions } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeCertificate } from './servers/certificate.ts';
import { startScripted, type Script, type SeenRequest } from './scripted-server.ts';

/** Hosts with names of the wide world that are on loopback: a proxy leads there and nowhere else. */
export interface NamedHosts {
  /** For `HTTPS_PROXY`. */
  readonly proxy: string;
  /** The authority of their certificate, PEM, and the file it is in. */
  readonly ca: string;
  readonly caFile: string;
  /** Whoever a connection was wanted to, in order: `registry.example:443`. */
  readonly wanted: readonly string[];
  /** Every request, in order, with its host. */
  readonly requests: readonly (SeenRequest & { readonly host: string })[];
  /** `METHOD host path` of every request. */
  readonly log: readonly string[];
}

/** Starts hosts that answer https as `script` says; `tls` says more of how. */
export async function startNamedHosts(
  test: TestContext,
  names: readonly string[],
  script: Script,
  tls: ServerOptions = {},
): Promise<NamedHosts> {
  const folder = mkdtempSync(join(tmpdir(), 'sdr-hosts-'));
  test.after(() => rm(folder, { recursive: true }));
  const { certificate, key } = await makeCertificate(folder, names);
  const ca = readFileSync(certificate, 'utf8');
  const own = { cert: ca, key: readFileSync(key) };
  const server = await startScripted(test, script, { ...own, ...tls });
  const wanted: string[] = [];
  const proxy = createServer();
  const sockets = new Set<Socket>();
  proxy.on('connect', ({ url = '' }, client: Socket) => {
    wanted.push(url);
    const onward = connect(Number(server.host.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      // Either end may be cut off while the other still speaks.
      socket.on('error', () => socket.destroy());
    }
    client.pipe(onward).pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const seen = (): (SeenRequest & { readonly host: string })[] =>
    server.requests.map((request) => Object.assign({ host: request.headers.host ?? '' }, request));
  return {
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    ca,
    caFile: certificate,
    wanted,
    get requests() {
      return seen();
    },
    get log() {
      return seen().map(({ method, host, path }) => `${method} ${host} ${path}`);
    },
  };
}
