import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { inspect } from 'node:util';
import { MapStoreError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { openMapStore } from '../../../src/stores/open.ts';
import { FakeAzure } from '../../fakes/azure-server.ts';
import { FakeGcsServer } from '../../fakes/gcs-server.ts';
import { FakeS3 } from '../../fakes/s3-server.ts';
import { ForwardProxy } from '../../support/forward-proxy.ts';

// Some SDKs read the environment of the process themselves.
const kept = { ...process.env };
afterEach(() => {
  process.env = { ...kept };
});

const servers = await Promise.all([FakeS3.start(), FakeAzure.start(), FakeGcsServer.start()]);
const [s3, azure, gcs] = servers;
after(() => {
  for (const server of servers) server.stop();
});
before(() => {
  s3.createBucket('maps');
  azure.createContainer('maps');
  gcs.createBucket('maps');
});

const cases = [
  {
    location: 's3://maps/map.yaml',
    server: s3.url,
    host: 's3.corp.example',
    settings: (endpoint: string) => ({
      s3: {
        endpoint,
        pathStyle: true,
        region: 'us-east-1',
        credentials: { accessKeyId: 'AK', secretAccessKey: new Secret('SK') },
      },
    }),
  },
  {
    location: 'azblob://acct/maps/map.yaml',
    server: new URL(azure.endpoint).origin,
    host: 'blob.corp.example',
    settings: (endpoint: string) => ({
      azblob: {
        endpoint: `${endpoint}/acct`,
        credentials: { kind: 'accountKey', accountKey: new Secret(btoa('key')) } as const,
      },
    }),
  },
  {
    location: 'gs://maps/map.yaml',
    server: gcs.url,
    host: 'storage.corp.example',
    settings: (endpoint: string) => ({
      gs: { endpoint, credentials: { kind: 'anonymous' } as const },
    }),
  },
];

for (const { location, server, host, settings } of cases) {
  test(`${location} is reached through the proxy of the environment`, async (t) => {
    const proxy = await ForwardProxy.start(server);
    t.after(() => proxy.stop());
    const env = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, HTTPS_PROXY: proxy.url };
    Object.assign(process.env, env);
    const through = { cwd: '/', env: process.env, ...settings(`http://${host}`) };
    const store = await openMapStore(location, through);
    const stored = await store.read();
    await store.write('# 1\n', stored?.revision);
    assert.equal((await store.read())?.text, '# 1\n');
    assert.ok(proxy.hosts.length >= 3, proxy.hosts.join(' '));
    assert.deepEqual(
      proxy.hosts.filter((asked) => asked.replace(/:80$/, '') !== host),
      [],
    );
  });
}

for (const { location, host, settings } of cases) {
  test(`${location}: a proxy that refuses is told without its password`, async (t) => {
    const proxy = createServer();
    proxy.on('connect', (_request, socket: Socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const url = `http://proxy-user:marked-password@127.0.0.1:${port}`;
    Object.assign(process.env, { HTTPS_PROXY: url, https_proxy: url });
    const through = { cwd: '/', env: process.env, ...settings(`https://${host}`) };
    const store = await openMapStore(location, through);
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    assert.ok(error instanceof MapStoreError, inspect(error));
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /marked-password/);
    assert.match(error.message, /tunnel|407|proxy/i);
  });
}
