import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { Secret } from '../../../src/secret.ts';
import { openMapStore } from '../../../src/stores/open.ts';
import { withTimeLimit } from '../../../src/stores/time-limit.ts';

const LIMIT_MS = 400;

/** A store whose server is silent from some point on. */
async function storeBehind(t: TestContext, kind: 's3' | 'azblob', listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const secret = new Secret(Buffer.alloc(32).toString('base64'));
  return kind === 's3'
    ? openMapStore('s3://maps/map.yaml', {
        cwd: '/',
        limitMs: LIMIT_MS,
        s3: {
          endpoint,
          region: 'us-east-1',
          pathStyle: true,
          credentials: { accessKeyId: 'a', secretAccessKey: secret },
        },
      })
    : openMapStore('azblob://acct/maps/map.yaml', {
        cwd: '/',
        limitMs: LIMIT_MS,
        azblob: {
          endpoint: `${endpoint}/acct`,
          credentials: { kind: 'accountKey', accountKey: secret },
        },
      });
}

const SILENCES: Readonly<Record<string, RequestListener>> = {
  'never answers': () => undefined,
  'falls silent in the middle of the map': (_request, response) => {
    response.writeHead(200, { 'content-length': '100', etag: '"one"' }).write('images:\n');
  },
};

describe('a store that is silent fails in time', () => {
  for (const kind of ['s3', 'azblob'] as const) {
    for (const [name, listener] of Object.entries(SILENCES)) {
      test(`${kind}, which ${name}`, async (t) => {
        const store = await storeBehind(t, kind, listener);
        await assert.rejects(store.read(), {
          code: 'MAP_UNAVAILABLE',
          retryable: true,
          message: /map\.yaml: could not read the map: the store fell silent.*within 1 s/,
        });
      });
    }
  }

  test('also on writing, on what is beside the map, and on removing that', async () => {
    const store = withTimeLimit(
      {
        location: 'memory:map',
        read: async () => new Promise(() => undefined),
        write: async () => new Promise(() => undefined),
        scratch: () => ({
          location: 'memory:scratch',
          read: async () => new Promise(() => undefined),
          write: async () => new Promise(() => undefined),
          remove: async () => new Promise(() => undefined),
        }),
      },
      5,
    );
    const scratch = store.scratch('.x');
    const silent = { code: 'MAP_UNAVAILABLE', message: /fell silent/ };
    await assert.rejects(store.write('', undefined), silent);
    await assert.rejects(scratch.read(), silent);
    await assert.rejects(scratch.write('', undefined), silent);
    await assert.rejects(scratch.remove(), silent);
  });

  test('but whoever stops it is told his own reason, at once', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped by SIGTERM');
    const store = withTimeLimit({
      location: 'memory:map',
      read: async () => {
        stop.abort(reason);
        return new Promise(() => undefined);
      },
      write: async () => new Promise(() => undefined),
      scratch: () => assert.fail('not asked for'),
    });
    await assert.rejects(store.read({ signal: stop.signal }), reason);
  });
});
