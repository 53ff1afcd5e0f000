import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import type { CopyResult } from '../../../src/copiers/image-copier.ts';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { MemoryRegistry, type MemoryRegistryOptions } from '../../fakes/memory-registry.ts';
import { buildImage, buildLayer, push, type TestImage } from '../../support/images.ts';

function setUp(
  images: readonly TestImage[],
  options: {
    readonly source?: MemoryRegistryOptions;
    readonly target?: MemoryRegistryOptions;
    readonly blobConcurrency?: number;
  } = {},
) {
  const source = new MemoryRegistry({ side: 'source', ...options.source });
  const target = new MemoryRegistry({ side: 'target', ...options.target });
  for (const image of images) push(source.repository('src.example/app'), image);
  const { blobConcurrency = 16 } = options;
  const copier = createRegistryCopier({ source, target, signatures: false, blobConcurrency });
  const copy = (
    image: TestImage,
    to: string,
    signal?: AbortSignal,
    registry = 'dst.example',
    tag = '1.0',
  ): Promise<CopyResult> =>
    copier.copy(
      { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
      { kind: 'tag', registry, repository: to, tag },
      signal === undefined ? {} : { signal },
    );
  return { source, target, copy };
}

const base = buildLayer('base', 100_000);
const baseDigest = digestOf(base.bytes);
const images = ['a', 'b', 'c', 'd'].map((seed) => buildImage({ seed, base: [base] }));
const large = ['a', 'b', 'c', 'd'].map((seed) =>
  buildImage({ seed, base: [base], layers: [70_000, 80_000] }),
);

test('no more blobs are open at once than allowed, and none for what is mounted', async () => {
  let open = 0;
  let most = 0;
  const { copy, source } = setUp(large, {
    blobConcurrency: 2,
    source: {
      before: async ({ method, target }) => {
        if (method !== 'openBlob' || isSmall(target)) return;
        open += 1;
        most = Math.max(most, open);
        await nextTurn();
        open -= 1;
      },
    },
  });
  await Promise.all(large.map((image, index) => copy(image, `app-${index}`)));
  assert.equal(most, 2);
  assert.equal(count(source, 'openBlob', baseDigest), 1);
});

test('small blobs wait for no place: what takes their time is the way', async () => {
  const tiny = buildImage({ seed: 'tiny', layers: [60_000, 60_001, 60_002] });
  const all = Promise.withResolvers<void>();
  let open = 0;
  const { copy } = setUp([tiny], {
    blobConcurrency: 1,
    source: {
      before: async ({ method }) => {
        if (method !== 'openBlob') return;
        open += 1;
        if (open === tiny.blobs.size) all.resolve();
        await all.promise;
      },
    },
  });
  await copy(tiny, 'app');
  assert.equal(open, 4);
});

test('places for open blobs are given back by transfers that fail', async () => {
  const bad = buildImage({ seed: 'bad', layers: [80_000, 80_001, 80_002] });
  const { copy } = setUp([bad, ...images], {
    blobConcurrency: 1,
    source: { tamper: (_, bytes) => (isOf(bad, bytes) ? Buffer.from('wrong') : bytes) },
  });
  await assert.rejects(copy(bad, 'bad'), RegistryError);
  await Promise.all(images.map((image, index) => copy(image, `app-${index}`)));
});

test('an image that is given up hands the shared blob on to the next', async () => {
  const controller = new AbortController();
  const started = Promise.withResolvers<void>();
  const { copy, target } = setUp(images, {
    source: {
      before: async ({ method, target }) => {
        if (method !== 'openBlob' || !target.endsWith(baseDigest)) return;
        started.resolve();
        await nextTurn();
      },
    },
  });
  const [first, second] = images;
  assert(first && second);
  const given = copy(first, 'given-up', controller.signal);
  await started.promise;
  const kept = copy(second, 'kept');
  controller.abort(new Error('given up'));
  await assert.rejects(given, /given up/);
  assert.equal((await kept).digest, second.digest);
  assert(target.repository('dst.example/kept').blobs.has(baseDigest));
});

test('two tags of one repository at once: what one brings is there for the other', async () => {
  const [first, second] = images;
  assert(first && second);
  const { copy, target } = setUp(images);
  const results = await Promise.all([
    copy(first, 'app'),
    copy(second, 'app', undefined, undefined, '2.0'),
  ]);
  assert.equal(
    results.map(({ blobs }) => blobs.present).reduce((a, b) => a + b),
    1,
  );
  assert.equal(count(target, 'putBlob', baseDigest), 1);
});

test('another target registry gets its own copy: nothing is mounted across hosts', async () => {
  const [image] = images;
  assert(image);
  const { copy, source } = setUp(images);
  await copy(image, 'app');
  const { blobs } = await copy(image, 'app', undefined, 'other.example');
  assert.equal(blobs.mounted, 0);
  assert.equal(count(source, 'openBlob', baseDigest), 2);
});

test('within one registry blobs are mounted, none is read', async () => {
  const [image] = images;
  assert(image);
  const registry = new MemoryRegistry();
  push(registry.repository('src.example/app'), image);
  const copier = createRegistryCopier({ source: registry, target: registry, signatures: false });
  const result = await copier.copy(
    { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
    { kind: 'tag', registry: 'src.example', repository: 'mirrored', tag: '1.0' },
  );
  assert.deepEqual(result.blobs, { uploaded: 0, mounted: image.blobs.size, present: 0 });
  assert.equal(registry.calls.filter(({ method }) => method === 'openBlob').length, 0);
});

test('where a registry does not mount, large blobs are asked for before they are sent again', async () => {
  const { copy, target } = setUp(images, { target: { mounts: false } });
  for (const [index, image] of images.entries()) {
    target.repository(`dst.example/app-${index}`).putBlob(base.bytes);
    await copy(image, `app-${index}`);
  }
  // The first finds it, the second learns that a mount is no use, the others ask.
  assert.equal(count(target, 'putBlob', baseDigest), 1);
});

test('a tag on a copy in the same repository needs nothing but the tag', async () => {
  const [image] = images;
  assert(image);
  const registry = new MemoryRegistry();
  push(registry.repository('src.example/app'), image);
  const copier = createRegistryCopier({ source: registry, target: registry, signatures: false });
  const result = await copier.copy(
    { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
    { kind: 'tag', registry: 'src.example', repository: 'app', tag: 'approved' },
  );
  assert.equal(result.bytes, 0);
  assert.equal(registry.repository('src.example/app').tags.get('approved'), image.digest);
});

function count(registry: MemoryRegistry, method: string, digest: string): number {
  return registry.calls.filter((call) => call.method === method && call.target.endsWith(digest))
    .length;
}

function isSmall(target: string): boolean {
  return large.some(({ blobs }) =>
    blobs
      .entries()
      .some(([digest, { byteLength }]) => byteLength < 66_000 && target.endsWith(digest)),
  );
}

function isOf(image: TestImage, bytes: Uint8Array): boolean {
  return bytes.byteLength > 40_000 && image.blobs.has(digestOf(bytes));
}
