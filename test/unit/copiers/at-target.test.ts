import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CopyOptions } from '../../../src/copiers/image-copier.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { buildImage, push } from '../../support/images.ts';

const image = buildImage({ seed: 'known' });
const older = buildImage({ seed: 'older' });

function setUp() {
  const source = new MemoryRegistry({ side: 'source' });
  const target = new MemoryRegistry({ side: 'target' });
  push(source.repository('src.example/app'), image);
  const copier = createRegistryCopier({ source, target, signatures: true });
  const copy = (atTarget: NonNullable<CopyOptions['atTarget']>) =>
    copier.copy(
      { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
      { kind: 'tag', registry: 'dst.example', repository: 'app', tag: '1.0' },
      { atTarget },
    );
  const heads = () => target.calls.filter(({ method }) => method === 'head').length;
  return { target, copy, heads };
}

test('a tag that is known to be missing is not asked for, only read back', async () => {
  const { target, copy, heads } = setUp();
  await copy({ digest: undefined });
  assert.equal(heads(), 1);
  assert.equal(target.repository('dst.example/app').tags.get('1.0'), image.digest);
});

test('a tag that is known to be right is neither asked for nor written', async () => {
  const { target, copy, heads } = setUp();
  push(target.repository('dst.example/app'), image, '1.0');
  const { manifests, bytes } = await copy({ digest: image.digest });
  assert.deepEqual({ manifests, bytes, heads: heads() }, { manifests: 0, bytes: 0, heads: 0 });
});

test('a tag that is known to name another image is moved', async () => {
  const { target, copy } = setUp();
  push(target.repository('dst.example/app'), older, '1.0');
  await copy({ digest: older.digest });
  assert.equal(target.repository('dst.example/app').tags.get('1.0'), image.digest);
});
