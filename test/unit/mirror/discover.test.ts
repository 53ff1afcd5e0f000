import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError, RegistryError } from '../../../src/errors.ts';
import { parseImageMap, type ImageMap } from '../../../src/image-map/image-map.ts';
import {
  discover,
  foreignReference,
  isMappedElsewhere,
  isMappedToTarget,
  type NamedImage,
} from '../../../src/mirror/discover.ts';
import { parseReference, parseTagReference } from '../../../src/registry/reference.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { push } from '../../support/images.ts';
import { imageOf } from './world.ts';

const IMAGE: NamedImage = {
  release: { image: 'v/a:1' },
  source: parseReference('v/a:1'),
  target: parseTagReference('r.example/a:1'),
  keepsTags: true,
};
const DIGEST = `sha256:${'a'.repeat(64)}`;

function mapOf(entry?: string): ImageMap {
  return parseImageMap(entry === undefined ? '' : `images: {${entry}}`);
}

describe('discover', () => {
  test('asks each side once and nothing else', async () => {
    const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
    push(source.repository('docker.io/v/a'), imageOf('new'), '1');
    push(target.repository('r.example/a'), imageOf('old'), '1');
    const map = mapOf('"v/a:1": "r.example/a:1"');
    const observed = await discover(IMAGE, { source, target, map, keepsForeignEntries: true }, {});
    assert.deepEqual(observed, {
      ...IMAGE,
      mapped: { rule: 'exact', key: 'v/a:1', reference: 'r.example/a:1' },
      sourceDigest: imageOf('new').digest,
      targetDigest: imageOf('old').digest,
    });
    assert.deepEqual(
      [source.calls, target.calls],
      [
        [{ method: 'head', target: 'docker.io/v/a:1' }],
        [{ method: 'head', target: 'r.example/a:1' }],
      ],
    );
  });

  for (const [map, method] of [
    [mapOf(), 'getManifest'],
    [mapOf('"v/a:1": "r.example/a:1"'), 'head'],
    [mapOf('"v/a:1": "golden.example/a:7"'), 'head'],
  ] as const) {
    const isRead = method === 'getManifest';
    test(`an image that the map sends to ${map.entries[0]?.value ?? 'no place'} is ${isRead ? 'read' : 'asked for'} at once`, async () => {
      const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
      push(source.repository('docker.io/v/a'), imageOf('new'), '1');
      const dependencies = { source, target, map, keepsForeignEntries: true, readsUnmapped: true };
      const observed = await discover(IMAGE, dependencies, {});
      assert.equal(observed.sourceDigest, imageOf('new').digest);
      assert.deepEqual(source.calls, [{ method, target: 'docker.io/v/a:1' }]);
    });
  }

  test('what neither side has is not an error yet', async () => {
    const registry = new MemoryRegistry();
    const observed = await discover(
      IMAGE,
      { source: registry, target: registry, map: mapOf(), keepsForeignEntries: true },
      {},
    );
    assert.deepEqual([observed.sourceDigest, observed.targetDigest], [undefined, undefined]);
    assert.equal(observed.mapped.rule, 'unchanged');
  });

  for (const [keeps, asked] of [
    [true, 'golden.example/a:7'],
    [false, 'r.example/a:1'],
  ] as const) {
    test(`an entry that leads elsewhere is ${keeps ? '' : 'not '}followed`, async () => {
      const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
      const map = mapOf('"v/a:1": "golden.example/a:7"');
      await discover(IMAGE, { source, target, map, keepsForeignEntries: keeps }, {});
      assert.deepEqual(target.calls, [{ method: 'head', target: asked }]);
    });
  }

  test('fails with the error of the side that could not be asked', async () => {
    const error = new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
    const target = new MemoryRegistry({
      before: () => {
        throw error;
      },
    });
    const source = new MemoryRegistry();
    await assert.rejects(
      discover(IMAGE, { source, target, map: mapOf(), keepsForeignEntries: true }, {}),
      error,
    );
  });
});

/** An entry, and whether it leads to our place, elsewhere, or nowhere in particular. */
const ENTRIES: readonly (readonly [
  string | undefined,
  'ours' | 'elsewhere' | 'nowhere' | 'none',
])[] = [
  [undefined, 'none'],
  ['"v/a:1": "r.example/a:1"', 'ours'],
  ['"docker.io/v/a:1": r.example/a:1', 'ours'],
  ['"v/a": "r.example/a"', 'ours'],
  ['"v/a:2": "golden.example/a:1"', 'none'],
  ['"v/a:1": "r.example/a:2"', 'elsewhere'],
  ['"v/a:1": "r.example:5000/a:1"', 'elsewhere'],
  ['"v/a": "golden.example/a"', 'elsewhere'],
  [`"v/a:1": "r.example/a@${DIGEST}"`, 'elsewhere'],
  [`"v/a:1": "r.example/a:1@${DIGEST}"`, 'elsewhere'],
  ['"v/a:1": "v/a:1"', 'elsewhere'],
  ['"v/a:1": "golden.example/a"', 'nowhere'],
];

for (const [entry, where] of ENTRIES) {
  test(`${entry ?? 'no entry'} leads ${where === 'none' ? 'nobody' : where}`, () => {
    const mapped = mapOf(entry).resolve(IMAGE.release.image);
    assert.equal(isMappedToTarget(IMAGE, mapped), where === 'ours');
    assert.equal(isMappedElsewhere(IMAGE, mapped), where === 'elsewhere' || where === 'nowhere');
    if (where === 'nowhere') {
      assert.throws(
        () => foreignReference(IMAGE, mapped),
        (error) =>
          error instanceof MapStoreError && /correct the entry "v\/a:1"/.test(error.message),
      );
    } else {
      assert.equal(foreignReference(IMAGE, mapped) !== undefined, where === 'elsewhere');
    }
  });
}
