import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBack } from '../../../src/copiers/read-back.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { buildImage, push } from '../../support/images.ts';

const image = buildImage({ seed: 'read back' });
const tag = { kind: 'tag', registry: 'dst.example', repository: 'app', tag: '1.0' } as const;

test('looks again when the registry needs a moment', async () => {
  let looks = 0;
  const target = new MemoryRegistry({
    before: () => {
      looks += 1;
      if (looks === 3) push(target.repository('dst.example/app'), image, '1.0');
    },
  });
  await readBack(target, tag, image.digest, { lookAgainAfter: [0, 0, 0] });
  assert.equal(looks, 3);
});

test('a tag that is still absent in the end is a mismatch', async () => {
  const target = new MemoryRegistry();
  await assert.rejects(
    readBack(target, tag, image.digest, { lookAgainAfter: [0, 0] }),
    /dst\.example\/app:1\.0, but the registry serves nothing there/,
  );
  assert.equal(target.calls.length, 3);
});

test('stops waiting when told to', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const target = new MemoryRegistry({
    before: () => {
      setImmediate(() => controller.abort(reason));
    },
  });
  const { signal } = controller;
  await assert.rejects(readBack(target, tag, image.digest, { signal, lookAgainAfter: [60_000] }));
});
