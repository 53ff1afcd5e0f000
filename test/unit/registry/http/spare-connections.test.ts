import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import type { RegistryReader } from '../../../../src/registry/registry.ts';
import { MediaType } from '../../../../src/registry/manifest.ts';
import { atTag } from '../../../../src/registry/reference.ts';
import { openRegistries } from '../../../support/scripted-registries.ts';
import { makeCertificate } from '../../../support/servers/certificate.ts';
import { temporaryFolder } from '../../../support/servers/server-process.ts';

const IMAGES = 5;
const HEAD = {
  'docker-content-digest': `sha256:${'a'.repeat(64)}`,
  'content-type': MediaType.ociManifest,
};

interface Scene {
  readonly source: RegistryReader;
  readonly host: string;
  readonly connections: Set<Socket>;
  readonly close: () => void;
  /** Resolves once so many connections were opened. */
  opened(count: number): Promise<void>;
}

async function certificate(
  t: TestContext,
): Promise<{ readonly cert: string; readonly key: string }> {
  const { path, remove } = await temporaryFolder('spare');
  t.after(remove);
  const files = await makeCertificate(path);
  const [cert, key] = await Promise.all([
    readFile(files.certificate, 'utf8'),
    readFile(files.key, 'utf8'),
  ]);
  return { cert, key };
}

/** A registry, with TLS or without, and what it sees of connections. */
async function sceneOf(t: TestContext, isTls: boolean, listener: RequestListener): Promise<Scene> {
  const issued = isTls ? await certificate(t) : undefined;
  const server = issued === undefined ? createServer(listener) : createTlsServer(issued, listener);
  const connections = new Set<Socket>();
  let arrived = Promise.withResolvers<void>();
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.add(socket);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = issued === undefined ? {} : { plainHttp: false, ca: issued.cert };
  const registries = openRegistries(t, { [host]: settings });
  const opened = async (count: number): Promise<void> => {
    while (connections.size < count) await arrived.promise;
  };
  const { source } = registries;
  return { source, host, connections, close: () => registries.close(), opened };
}

/** Asks for so many images at once. */
async function askForAll(
  { source, host }: Scene,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly (string | undefined)[]> {
  const heads = Array.from({ length: IMAGES }, async (_, index) =>
    source.head(atTag({ registry: host, repository: 'acme/app' }, String(index)), { signal }),
  );
  return (await Promise.all(heads)).map((head) => head?.digest);
}

const ALL = Array.from({ length: IMAGES }, () => HEAD['docker-content-digest']);

describe('while the first request to a host is out', () => {
  for (const isTls of [false, true]) {
    test(`the others' connections are opened, and no more${isTls ? ', over TLS' : ''}`, async (t) => {
      const asked: string[] = [];
      const scene = await sceneOf(t, isTls, ({ url = '' }, answer) => {
        asked.push(url);
        answer.writeHead(200, HEAD);
        // The first to ask is answered once all are connected, and for ever not if they are not.
        void scene.opened(IMAGES).then(() => {
          if (answer.req.url === asked[0]) assert.equal(asked.length, 1);
          return answer.end();
        });
      });
      assert.deepEqual(await askForAll(scene), ALL);
      assert.equal(asked.length, IMAGES);
      assert.equal(scene.connections.size, IMAGES);
    });
  }

  test('a connection that did not last is replaced, and nobody hears of it', async (t) => {
    const scene = await sceneOf(t, false, (_request, answer) => {
      answer.writeHead(200, HEAD);
      void scene.opened(IMAGES).then(async () => {
        const spare = [...scene.connections].filter((socket) => socket !== answer.socket);
        if (scene.connections.size === IMAGES) {
          await Promise.all(
            spare.map(async (socket) => {
              const closed = once(socket, 'close');
              socket.resetAndDestroy();
              await closed;
            }),
          );
        }
        return answer.end();
      });
    });
    assert.deepEqual(await askForAll(scene), ALL);
    assert.ok(scene.connections.size > IMAGES);
  });

  test('what nobody takes is closed in the end', async (t) => {
    const scene = await sceneOf(t, false, () => undefined);
    const enough = new AbortController();
    const failed = assert.rejects(askForAll(scene, enough.signal));
    await scene.opened(IMAGES);
    const closed = [...scene.connections].map(async (socket) => once(socket, 'close'));
    scene.close();
    await Promise.all(closed);
    // The first request would be tried again.
    enough.abort(new Error('enough'));
    await failed;
  });
});
