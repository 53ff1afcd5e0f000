import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { MANIFEST, MANIFEST_HEADERS } from '../../support/quirk-world.ts';
import { refusal, startScripted } from '../../support/scripted-server.ts';

test('the same registry on both sides is asked as one, and fails as two', async (t) => {
  const server = await startScripted(t, () => refusal(403, 'DENIED'));
  const { source, target } = openRegistries(t, { [server.host]: {} });
  const reference = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  for (const [registry, side] of [
    [source, 'source'],
    [target, 'target'],
  ] as const) {
    await assert.rejects(registry.head(reference), (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.side, side);
      return true;
    });
  }
});

test('no more requests at once than the budget of a host, whichever side asks', async (t) => {
  let atOnce = 0;
  let most = 0;
  let full = Promise.withResolvers<void>();
  const server = await startScripted(t, async ({ path }) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    if (!path.endsWith('/first')) {
      // Nobody is answered before three wait; a fourth would be seen.
      if (atOnce === 3) full.resolve();
      await full.promise;
      await new Promise(setImmediate);
      full = Promise.withResolvers();
    }
    atOnce -= 1;
    return { status: 200, headers: MANIFEST_HEADERS };
  });
  const { source, target } = openRegistries(t, { [server.host]: {} }, { concurrency: 3 });
  const repository = { registry: server.host, repository: 'acme/app' };
  await source.head(atTag(repository, 'first'));
  const heads = Array.from({ length: 30 }, async (_, index) =>
    (index % 2 === 0 ? source : target).head(atTag(repository, `${index}`)),
  );
  await Promise.all(heads);
  assert.equal(most, 3);
});

test('blobs being read hold no place that others need', async (t) => {
  const content = Buffer.alloc(3_000_000);
  const server = await startScripted(t, ({ method }) =>
    method === 'HEAD' ? { status: 200, headers: MANIFEST_HEADERS } : { status: 200, body: content },
  );
  const { source } = openRegistries(t, { [server.host]: {} }, { concurrency: 1 });
  const repository = { registry: server.host, repository: 'acme/app' };
  const blob = { mediaType: 'x', digest: MANIFEST.digest, size: content.byteLength };
  const streams = [
    await source.openBlob(repository, blob),
    await source.openBlob(repository, blob),
  ];
  assert.equal((await source.head(atTag(repository, '1')))?.digest, MANIFEST.digest);
  for (const stream of streams) stream.destroy();
});

test('others may ask for the credential and settings in use', async (t) => {
  const settings = { username: 'ci', password: new Secret('hunter2') };
  const registries = openRegistries(t, { 'registry.example': settings });
  const credential = await registries.credentialFor('registry.example');
  assert(credential.kind === 'basic');
  assert.equal(credential.username, 'ci');
  assert.equal(registries.settingsFor('registry.example').username, 'ci');
  assert.equal((await registries.credentialFor('other.example')).kind, 'anonymous');
  assert.deepEqual(registries.settingsFor('other.example'), {});
});

test('a broken docker configuration is the error of every request, and only when one is made', async (t) => {
  const registries = createRegistries({
    hosts: {},
    env: {},
    credentialSources: {
      env: {},
      homeDirectory: '/home/me',
      readText: async () => '{',
      runHelper: async () => undefined,
    },
  });
  t.after(() => registries.close());
  const reference = atTag({ registry: 'registry.example', repository: 'acme/app' }, '1');
  await assert.rejects(registries.source.head(reference), ConfigError);
});

test('authorities and keys that are none are errors of the configuration', async (t) => {
  for (const settings of [
    { ca: 'x', cert: 'no PEM' },
    { cert: 'no PEM', key: new Secret('s3cret') },
  ]) {
    const registries = createRegistries({ hosts: { '127.0.0.1:1': settings }, env: {} });
    t.after(() => registries.close());
    const reference = atTag({ registry: '127.0.0.1:1', repository: 'acme/app' }, '1');
    await assert.rejects(registries.source.head(reference), (error) => {
      assert(error instanceof ConfigError);
      assert.match(error.message, /registries: 127\.0\.0\.1:1: ca, cert or key is not usable PEM/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
});

test(
  'once a host has let one wait for nothing, the others do not wait one after the other',
  { timeout: 60_000 },
  async (t) => {
    const others = ['2', '3', '4'];
    const isDown = { now: true };
    let waiting = 0;
    const all = Promise.withResolvers<void>();
    const server = await startScripted(t, async () => {
      if (isDown.now) return 'cut';
      waiting += 1;
      if (waiting === others.length) all.resolve();
      await all.promise;
      return { status: 200, headers: MANIFEST_HEADERS };
    });
    const { source } = openRegistries(t, { [server.host]: {} });
    const repository = { registry: server.host, repository: 'acme/app' };
    const first = source.head(atTag(repository, '1'));
    const later = others.map(async (tag) => source.head(atTag(repository, tag)));
    await assert.rejects(first, { code: 'REGISTRY_UNAVAILABLE' });
    isDown.now = false;
    await Promise.all(later);
    assert.equal(waiting, others.length);
  },
);
