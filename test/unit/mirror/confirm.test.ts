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

  const { served, missing } = await confirm(images, target, { lookAgainAfter: [] });

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
  await assert.rejects(
    confirm([copied('a')], target, { signal: stop.signal, lookAgainAfter: [] }),
    reason,
  );
});

test('looks again at what is missing, and at nothing else, as often as it is told to', async () => {
  const target = new MemoryRegistry({
    before: ({ target: name }) => {
      if (!name.includes('late') || target.calls.length < 4) return;
      push(target.repository('r.example/late'), imageOf('right'), '1');
    },
  });
  push(target.repository('r.example/fine'), imageOf('right'), '1');
  const images = ['late', 'fine', 'lost'].map(copied);
  const { served, missing } = await confirm(images, target, { lookAgainAfter: [0, 0] });
  assert.deepEqual(served, images.slice(0, 2));
  assert.deepEqual(
    missing.map(({ image }) => image),
    images.slice(2),
  );
  assert.deepEqual(
    target.calls.map(({ target: name }) => /example\/(\w+)/.exec(name)?.[1]),
    ['late', 'fine', 'lost', 'late', 'lost', 'lost'],
  );
});

test('rejects with the reason of its signal while it waits to look again', async () => {
  const stop = new AbortController();
  const reason = new Error('stop');
  const target = new MemoryRegistry({ before: () => void setImmediate(() => stop.abort(reason)) });
  const waiting = { signal: stop.signal, lookAgainAfter: [60_000] };
  await assert.rejects(confirm([copied('a')], target, waiting), reason);
});
