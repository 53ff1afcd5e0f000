import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import type { HostSettings } from '../../../src/registry/hosts.ts';
import { Hosts } from '../../../src/registry/hosts.ts';
import { assertNoDowngrade, isGuarded } from '../../../src/registry/http/redirects.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { Secret } from '../../../src/secret.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { refusal, startScripted, type ScriptedAnswer } from '../../support/scripted-server.ts';

const CONTENT = Buffer.from('a layer');
const DESCRIPTOR = {
  mediaType: 'application/octet-stream',
  digest: digestOf(CONTENT),
  size: CONTENT.byteLength,
};
const PATH = `/v2/acme/app/blobs/${DESCRIPTOR.digest}`;
const TOKEN: HostSettings = { registryToken: new Secret('precious') };

function to(location: string, status = 307): ScriptedAnswer {
  return { status, headers: { location } };
}

test('credentials stay behind when the port changes, and on the way back', async (t) => {
  const storage = await startScripted(t, ({ path }) =>
    path === '/back' ? to(`${registry.url}/served`) : to('/back'),
  );
  const registry = await startScripted(t, ({ path }) =>
    path === '/served' ? { status: 200, body: CONTENT } : to(`${storage.url}/first?X-Sig=a%2Fb`),
  );
  const { source } = openRegistries(t, { [registry.host]: TOKEN });
  const repository = { registry: registry.host, repository: 'acme/app' };
  const bytes = await source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 });
  assert.deepEqual(Buffer.from(bytes), CONTENT);
  assert.deepEqual(storage.log, ['GET /first?X-Sig=a%2Fb', 'GET /back']);
  const seen = [...registry.requests, ...storage.requests].map(({ path, headers }) => [
    path,
    headers.authorization,
  ]);
  assert.deepEqual(seen, [
    [PATH, 'Bearer precious'],
    ['/served', undefined],
    ['/first?X-Sig=a%2Fb', undefined],
    ['/back', undefined],
  ]);
});

test('credentials stay with a redirect within the registry', async (t) => {
  const registry = await startScripted(t, ({ path }) =>
    path === PATH ? to('/v2/moved', 301) : { status: 200, body: CONTENT },
  );
  const { source } = openRegistries(t, { [registry.host]: TOKEN });
  const repository = { registry: registry.host, repository: 'acme/app' };
  await source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 });
  assert.equal(registry.requests[1]?.headers.authorization, 'Bearer precious');
});

test('another host that asks for credentials gets none, and no say in where they go', async (t) => {
  for (const scheme of ['Basic', 'Bearer']) {
    const storage = await startScripted(t, ({ headers }) => ({
      ...refusal(401, 'UNAUTHORIZED'),
      headers: { 'www-authenticate': `${scheme} realm="http://${headers.host ?? ''}/give"` },
    }));
    const registry = await startScripted(t, ({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': 'Basic realm="registry"' } }
        : to(`${storage.url}/blob`),
    );
    const { source } = openRegistries(t, {
      [registry.host]: { username: 'ci', password: new Secret('hunter2') },
    });
    const repository = { registry: registry.host, repository: 'acme/app' };
    await assert.rejects(source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 }), {
      code: 'REGISTRY_UNAUTHORIZED',
    });
    assert.deepEqual(
      storage.requests.map(({ path, headers }) => [path, headers.authorization]),
      [['/blob', undefined]],
    );
  }
});

test('redirects have an end', async (t) => {
  const registry = await startScripted(t, ({ path }) => to(`${path}x`));
  const { source } = openRegistries(t, { [registry.host]: {} });
  const repository = { registry: registry.host, repository: 'acme/app' };
  await assert.rejects(source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 }), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_REFUSED');
    assert.match(error.message, /more than 5 redirects/);
    return true;
  });
  assert.equal(registry.requests.length, 6);
});

test('an answer leads nowhere inside the network, by name or by address', async (t) => {
  const storage = await startScripted(t, () => ({ status: 200, body: CONTENT }));
  const { port } = new URL(storage.url);
  for (const [location, why] of [
    [
      `http://127.0.0.2:${port}/`,
      /leads to 127\.0\.0\.2:\d+, whose address 127\.0\.0\.2 is not a public/,
    ],
    [`http://[::1]:${port}/`, /\[::1\]/],
    [`http://storage.example:${port}/`, /storage\.example:\d+, whose address 127\.0\.0\.1/],
    ['file:///etc/passwd', /not https/],
    ['http://', /no URL/],
  ] as const) {
    const registry = await startScripted(t, () => to(location));
    const { source } = openRegistries(
      t,
      { [registry.host]: {} },
      {
        lookup: (_host, options, callback) => {
          if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
          else callback(null, '127.0.0.1', 4);
        },
      },
    );
    const repository = { registry: registry.host, repository: 'acme/app' };
    await assert.rejects(source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 }), (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, 'REGISTRY_REFUSED');
      assert.match(error.message, why);
      return true;
    });
  }
  assert.deepEqual(storage.log, []);
});

test('a host that the operator named may be inside the network', async (t) => {
  const storage = await startScripted(t, () => ({ status: 200, body: CONTENT }));
  const named = storage.host.replace('127.0.0.1', 'localhost');
  const registry = await startScripted(t, () => to(`http://${named}/blob`));
  const { source } = openRegistries(t, { [registry.host]: {}, [named]: {} });
  const repository = { registry: registry.host, repository: 'acme/app' };
  assert.equal((await source.getBlob(repository, DESCRIPTOR, { maxBytes: 100 })).byteLength, 7);
});

test('only the operator loosens the guard or https', () => {
  const hosts = new Hosts({
    'storage.example': {},
    'plain.example:8080': { plainHttp: true },
    'default.example:443': {},
  });
  const home = new URL('https://registry.example/');
  const guarded = (url: string): boolean => isGuarded(new URL(url), home, hosts);
  assert.equal(guarded('https://registry.example:9000/'), false);
  assert.equal(guarded('https://storage.example/'), false);
  assert.equal(guarded('https://default.example/'), false);
  assert.equal(guarded('https://storage.example:8443/'), true);
  assert.equal(guarded('https://cdn.example/'), true);
  const downgrade = (url: string) => () => assertNoDowngrade(home, new URL(url), hosts);
  downgrade('https://cdn.example/')();
  downgrade('http://plain.example:8080/')();
  assert.throws(downgrade('http://cdn.example/'), /plainHttp: true/);
  assert.throws(downgrade('http://storage.example/'), /not https/);
  assert.throws(downgrade('ftp://plain.example:8080/'), /not https/);
});
