import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { discoverOnce } from '../../../src/signatures/discover-once.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { buildImage } from '../../support/images.ts';
import { referenceTo } from '../../support/sigstore/scene.ts';

const image = referenceTo(buildImage({ seed: 'a' }));
const other = referenceTo(buildImage({ seed: 'b' }));

test('asks once for each subject, whoever asks and however many at once', async () => {
  const registry = new MemoryRegistry();
  const discover = discoverOnce();
  const [first, second] = await Promise.all([discover(registry, image), discover(registry, image)]);
  assert.equal(first, second);
  const asked = registry.calls.length;
  await discover(registry, { ...image, tag: '1.0' });
  assert.equal(registry.calls.length, asked);
  await discover(registry, other);
  assert.equal(registry.calls.length, 2 * asked);
});

test('holds registries and repositories apart', async () => {
  const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
  const discover = discoverOnce();
  await discover(source, image);
  await discover(target, image);
  assert.notEqual(target.calls.length, 0);
  const asked = source.calls.length;
  await discover(source, { ...image, repository: 'other' });
  assert.equal(source.calls.length, 2 * asked);
});

test('asks again after a failure', async () => {
  let fails = true;
  const registry = new MemoryRegistry({
    before: () => {
      if (fails) throw new RegistryError('REGISTRY_UNAVAILABLE', 'no answer');
    },
  });
  const discover = discoverOnce();
  await assert.rejects(discover(registry, image), { code: 'REGISTRY_UNAVAILABLE' });
  fails = false;
  assert.deepEqual(await discover(registry, image), []);
});

test('one who leaves does not end the asking for others', async () => {
  const gate = Promise.withResolvers<void>();
  const registry = new MemoryRegistry({ before: () => gate.promise });
  const discover = discoverOnce();
  const [leader, follower] = [new AbortController(), new AbortController()];
  const leading = discover(registry, image, { signal: leader.signal });
  const following = discover(registry, image, { signal: follower.signal });
  const staying = discover(registry, image);
  const reason = new Error('stop');
  follower.abort(reason);
  await assert.rejects(following, (error) => error === reason);
  leader.abort(reason);
  gate.resolve();
  await assert.rejects(leading, (error) => error === reason);
  assert.deepEqual(await staying, []);
});
