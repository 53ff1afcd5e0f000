import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CopyOptions } from '../../../src/copiers/image-copier.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { buildImage, push, type TestImage } from '../../support/images.ts';

const image = buildImage({ seed: 'known' });
const older = buildImage({ seed: 'older' });

function setUp({ lookHoldsMs }: { readonly lookHoldsMs?: number } = {}) {
  const source = new MemoryRegistry({ side: 'source' });
  let meanwhile: (() => void) | undefined;
  const target = new MemoryRegistry({
    side: 'target',
    before: ({ method }) => {
      if (method === 'putBlob') meanwhile?.();
    },
  });
  push(source.repository('src.example/app'), image);
  const copier = createRegistryCopier({
    source,
    target,
    signatures: true,
    ...(lookHoldsMs === undefined ? {} : { lookHoldsMs }),
  });
  const copy = (digest: Digest | undefined, existing?: CopyOptions['existing']) =>
    copier.copy(
      { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
      { kind: 'tag', registry: 'dst.example', repository: 'app', tag: '1.0' },
      {
        atTarget: { digest, seenAt: performance.now() },
        ...(existing === undefined ? {} : { existing }),
      },
    );
  const heads = () => target.calls.filter(({ method }) => method === 'head').length;
  const there = target.repository('dst.example/app');
  const comes = (other: TestImage): void => {
    meanwhile = () => push(there, other, '1.0');
  };
  return { target, copy, heads, there, comes };
}

test('a tag that is known to be missing is not asked for, only read back', async () => {
  const { there, copy, heads } = setUp();
  await copy(undefined, 'refuse');
  assert.equal(heads(), 1);
  assert.equal(there.tags.get('1.0'), image.digest);
});

test('a tag that is known to be right is neither asked for nor written', async () => {
  const { there, copy, heads } = setUp();
  push(there, image, '1.0');
  const { manifests, bytes } = await copy(image.digest);
  assert.deepEqual({ manifests, bytes, heads: heads() }, { manifests: 0, bytes: 0, heads: 0 });
});

test('a tag that is known to name another image is moved', async () => {
  const { there, copy } = setUp();
  push(there, older, '1.0');
  await copy(older.digest);
  assert.equal(there.tags.get('1.0'), image.digest);
});

test('a tag that somebody else writes during the copy stays theirs', async () => {
  const { there, copy, comes } = setUp({ lookHoldsMs: 0 });
  comes(older);
  await assert.rejects(copy(undefined, 'refuse'), {
    code: 'TARGET_CONFLICT',
    side: 'target',
    message: new RegExp(`dst\\.example/app:1\\.0 was free .* holds ${older.digest} now`),
  });
  assert.equal(there.tags.get('1.0'), older.digest);
});

test('a tag that somebody else writes during the copy is moved where that is wanted', async () => {
  const { there, copy, comes } = setUp({ lookHoldsMs: 0 });
  comes(older);
  await copy(undefined, 'overwrite');
  assert.equal(there.tags.get('1.0'), image.digest);
});

test('a tag that somebody else gives to the same image is not written again', async () => {
  const { target, copy, comes } = setUp({ lookHoldsMs: 0 });
  comes(image);
  await copy(undefined, 'refuse');
  assert.deepEqual(
    target.calls.filter(({ method }) => method === 'putManifest'),
    [],
  );
});
