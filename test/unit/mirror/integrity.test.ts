import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { Integrity, type MissingPart } from '../../../src/mirror/integrity.ts';
import { MediaType } from '../../../src/registry/manifest.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { atDigest, parseTagReference } from '../../../src/registry/reference.ts';
import { MemoryRegistry, type RegistryCall } from '../../fakes/memory-registry.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  buildMultiArch,
  push,
  type TestImage,
} from '../../support/images.ts';
import type { RepositoryStore } from '../../support/registry/store.ts';

const AT = parseTagReference('registry.example/a:1');

interface Held {
  readonly registry: MemoryRegistry;
  readonly store: RepositoryStore;
  readonly look: (...platforms: readonly string[]) => Promise<readonly MissingPart[]>;
}

function hold(image: TestImage, before: (call: RegistryCall) => void = () => undefined): Held {
  const registry = new MemoryRegistry({ side: 'target', before });
  const store = registry.repository('registry.example/a');
  push(store, image, '1');
  return {
    registry,
    store,
    look: async (...platforms) =>
      new Integrity({
        registry,
        ...(platforms.length === 0 ? {} : { platforms: platforms.map(parsePlatform) }),
      }).missingParts(atDigest(AT, image.digest), {}),
  };
}

const nested = buildIndex({ children: [buildMultiArch('inner'), buildImage({ seed: 'outer' })] });

describe('what a registry has lost of an image', () => {
  test('nothing of one that is whole', async () => {
    assert.deepEqual(await hold(nested).look(), []);
  });

  test('each blob and each manifest, whichever it is', async () => {
    for (const digest of nested.blobs.keys()) {
      const { store, look } = hold(nested);
      store.blobs.delete(digest);
      assert.deepEqual(await look(), [{ kind: 'blob', digest }]);
    }
    for (const { digest } of nested.manifests) {
      const { store, look } = hold(nested);
      store.manifests.delete(digest);
      assert.deepEqual(await look(), [{ kind: 'manifest', digest }]);
    }
  });

  test('a blob of another length, a manifest of other bytes', async () => {
    const image = buildImage({ seed: 'cut' });
    const [digest, bytes] = [...image.blobs][0]!;
    const { store, look } = hold(image);
    store.blobs.set(digest, bytes.subarray(1));
    assert.deepEqual(await look(), [{ kind: 'blob', digest }]);

    const other = hold(image);
    const held = other.store.manifests.get(image.digest)!;
    other.store.manifests.set(image.digest, { ...held, bytes: Buffer.from('{}') });
    assert.deepEqual(await other.look(), [{ kind: 'manifest', digest: image.digest }]);
  });

  test('nothing of the platforms that were left out on purpose', async () => {
    const [intel, arm] = ['linux/amd64', 'linux/arm64'].map((name) =>
      buildImage({ seed: name, platform: parsePlatform(name) }),
    ) as [TestImage, TestImage];
    const { store, look } = hold(buildIndex({ children: [intel, arm] }));
    store.manifests.delete(arm.digest);
    assert.deepEqual(await look('linux/amd64'), []);
    assert.deepEqual(await look(), [{ kind: 'manifest', digest: arm.digest }]);
  });

  test('not what only a HEAD denies: some storages refuse it', async () => {
    const { registry, look } = hold(buildImage({ seed: 'head' }));
    registry.hasBlob = () => Promise.resolve(false);
    assert.deepEqual(await look(), []);
  });
});

test('a registry that cannot be asked is no registry that has lost something', async () => {
  const { look } = hold(nested, ({ method }) => {
    if (method === 'hasBlob') throw new RegistryError('REGISTRY_UNAVAILABLE', '503');
  });
  await assert.rejects(look(), { code: 'REGISTRY_UNAVAILABLE' });
});

test('what images of a repository share is asked once', async () => {
  const base = buildImage({ seed: 'base' });
  const first = buildIndex({ children: [base], annotations: { v: '1' } });
  const second = buildIndex({ children: [base], annotations: { v: '2' } });
  const { registry, store } = hold(first);
  push(store, second);
  const integrity = new Integrity({ registry });
  for (const image of [first, second]) {
    assert.deepEqual(await integrity.missingParts(atDigest(AT, image.digest), {}), []);
  }
  const asked = registry.calls.filter(({ method }) => method === 'hasBlob');
  assert.equal(asked.length, base.blobs.size);
});

function refused(message: RegExp): object {
  return { code: 'REGISTRY_REFUSED', side: 'target', message };
}

function nest(image: TestImage, levels: number): TestImage {
  return levels === 0 ? image : nest(buildIndex({ children: [image] }), levels - 1);
}

/** An index of so many manifests, numbered. */
function list(from: number, count: number): TestImage {
  const children = Array.from({ length: count }, (_, number) =>
    buildArtifact({ layers: [], annotations: { number: String(from + number) } }),
  );
  return buildIndex({ children });
}

describe('an image that nobody would copy is not looked through', () => {
  test('as its indexes are nested too deep', async () => {
    const image = buildImage({ seed: 'deep' });
    assert.deepEqual(await hold(nest(image, 6)).look(), []);
    await assert.rejects(hold(nest(image, 7)).look(), refused(/nested deeper than 5/));
  });

  test('as it holds too many manifests, however they are shared out', async () => {
    const { registry, look } = hold(buildIndex({ children: [list(0, 500), list(500, 500)] }));
    await assert.rejects(look(), refused(/more than 1000 manifests/));
    assert.equal(registry.calls.length, 3, 'the indexes, and nothing below them');
  });

  test('as it hides an index where it names an image', async () => {
    const inner = buildIndex({ children: [buildImage({ seed: 'hidden' })] });
    const descriptor = { ...inner.descriptor, mediaType: MediaType.ociManifest };
    const { look } = hold(buildIndex({ children: [{ ...inner, descriptor }] }));
    await assert.rejects(look(), refused(/as an image, which is an index/));
  });
});
