import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { createRegistries, type Registries } from '../../../src/registry/client.ts';
import { digestOf, type Descriptor } from '../../../src/registry/manifest.ts';
import type { Repository } from '../../../src/registry/reference.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const PAYLOAD = Buffer.from('{"critical":{}}');
const MAX = { maxBytes: 1_000_000 };

interface Setting {
  readonly registry: TestRegistry;
  readonly registries: Registries;
  readonly repository: Repository;
  readonly hold: (bytes: Uint8Array) => Descriptor;
  /** GETs of blobs so far. */
  readonly reads: () => number;
}

async function setUp(t: TestContext): Promise<Setting> {
  const registry = await startRegistry();
  t.after(async () => registry.close());
  const registries = createRegistries({ hosts: { [registry.host]: { plainHttp: true } }, env: {} });
  t.after(() => registries.close());
  const hold: Setting['hold'] = (bytes) => ({
    mediaType: 'application/octet-stream',
    digest: registry.store.repository('app').putBlob(bytes),
    size: bytes.byteLength,
  });
  const repository = { registry: registry.host, repository: 'app' };
  const reads = (): number =>
    registry.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))
      .length;
  return { registry, registries, repository, hold, reads };
}

test('what was read whole is not fetched again to be copied', async (t) => {
  const { registries, repository, hold, reads } = await setUp(t);
  const { source } = registries;
  for (const bytes of [PAYLOAD, Buffer.alloc(0)]) {
    const before = reads();
    const blob = hold(bytes);
    const received: number[] = [];
    assert.deepEqual(await source.getBlob(repository, blob, MAX), bytes);
    const onReceived = (count: number): unknown => received.push(count);
    const stream = await source.openBlob(repository, blob, { onReceived });
    assert.deepEqual(await buffer(stream), bytes);
    assert.deepEqual(await source.getBlob(repository, blob, MAX), bytes);
    assert.deepEqual([reads() - before, received], [1, [bytes.byteLength]]);
  }
});

test('what is being read is waited for, and fetched by oneself if that fails', async (t) => {
  const { registry, registries, repository, hold, reads } = await setUp(t);
  const { source } = registries;
  const blob = hold(PAYLOAD);
  await source.hasBlob(repository, blob.digest);
  const [, stream] = await Promise.all([
    source.getBlob(repository, blob, MAX),
    source.openBlob(repository, blob),
  ]);
  assert.deepEqual(await buffer(stream), PAYLOAD);
  assert.equal(reads(), 1);

  const other = hold(Buffer.from('other'));
  const stop = new AbortController();
  registry.intercept(({ path }) => {
    if (path.includes('/blobs/')) stop.abort(new Error('stopped'));
    return undefined;
  });
  const stopped = source.getBlob(repository, other, { ...MAX, signal: stop.signal });
  const alone = source.openBlob(repository, other);
  await assert.rejects(stopped, /stopped/);
  assert.deepEqual(await buffer(await alone), Buffer.from('other'));
});

test('what is large, and what claims another size, is fetched each time', async (t) => {
  const { registries, repository, hold, reads } = await setUp(t);
  const { source } = registries;
  const large = hold(Buffer.alloc(65 * 1024));
  await source.getBlob(repository, large, MAX);
  await buffer(await source.openBlob(repository, large));
  assert.equal(reads(), 2);

  const blob = hold(PAYLOAD);
  await source.getBlob(repository, blob, MAX);
  const wrong = { ...blob, size: blob.size + 1 };
  await assert.rejects(async () => buffer(await source.openBlob(repository, wrong)), {
    code: 'DIGEST_MISMATCH',
  });
  assert.equal(digestOf(PAYLOAD), blob.digest);
});
