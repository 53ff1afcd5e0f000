import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { confirm } from '../../../src/mirror/confirm.ts';
import type { CopiedImage } from '../../../src/mirror/discover.ts';
import { parseReference, parseTagReference } from '../../../src/registry/reference.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { push } from '../../support/images.ts';
import { imageOf } from './world.ts';

function copied(name: string): CopiedImage {
  return {
    release: { image: `v/${name}:1` },
    source: parseReference(`v/${name}:1`),
    target: parseTagReference(`r.example/${name}:1`),
    keepsTags: true,
    digest: imageOf('right').digest,
  };
}

test('tells what is served from what is lost, changed or not to be asked for, one HEAD each', async () => {
  const unavailable = new RegistryError('REGISTRY_UNAVAILABLE', '503');
  const target = new MemoryRegistry({
    before: ({ target: name }) => {
      if (name.includes('silent')) throw unavailable;
    },
  });
  push(target.repository('r.example/fine'), imageOf('right'), '1');
  push(target.repository('r.example/changed'), imageOf('wrong'), '1');
  const images = ['lost', 'fine', 'changed', 'silent'].map(copied);

  const { served, missing } = await confirm(images, target, {});

  assert.deepEqual(served, [images[1]]);
  assert.deepEqual(
    missing.map(({ image }) => image),
    [images[0], images[2], images[3]],
  );
  const [lost, changed, silent] = missing.map(({ error }) => error);
  assert.ok(lost instanceof RegistryError && changed instanceof RegistryError);
  assert.deepEqual([lost.code, lost.side], ['REGISTRY_NOT_FOUND', 'target']);
  assert.deepEqual([changed.code, changed.side], ['DIGEST_MISMATCH', 'target']);
  assert.ok(changed.message.includes(imageOf('wrong').digest));
  assert.equal(silent, unavailable);
  assert.deepEqual(
    target.calls.map(({ method }) => method),
    ['head', 'head', 'head', 'head'],
  );
});

test('rejects with the reason of its signal: nobody knows then what is served', async () => {
  const stop = new AbortController();
  const reason = new Error('stop');
  const target = new MemoryRegistry({ before: () => stop.abort(reason) });
  await assert.rejects(confirm([copied('a')], target, { signal: stop.signal }), reason);
});
