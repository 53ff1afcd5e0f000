import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MapStoreError } from '../../../../src/errors.ts';
import type { ImagesConfig } from '../../../../src/orchestrator/config/config.ts';
import {
  createImageResolver,
  type ImageResolver,
} from '../../../../src/orchestrator/resolve/resolve.ts';
import { formatReference } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import { MemoryMapStore } from '../../../fakes/memory-map-store.ts';

const ANNOUNCED = 'atlanhq/x:1';

const WITH_MAP: ImagesConfig = {
  map: { store: 'memory:map', settings: {} },
  base: 'registry.mycompany.com/base',
  baseReplaces: 'docker.io/atlanhq',
  credential: undefined,
};

function mapOf(target: string): string {
  return `images:\n  "${ANNOUNCED}": "${target}"\n`;
}

function resolver(store: MemoryMapStore, images: ImagesConfig = WITH_MAP): ImageResolver {
  return createImageResolver({ images, cwd: '/', env: {}, openMap: async () => store });
}

async function pulled(from: ImageResolver): Promise<string> {
  return formatReference((await from.resolve(ANNOUNCED)).reference);
}

describe('with a map', () => {
  test('it is read anew for every command', async () => {
    const store = new MemoryMapStore(mapOf('registry.mycompany.com/x:1'));
    const from = resolver(store);
    assert.equal(await pulled(from), 'registry.mycompany.com/x:1');
    store.editByHand(mapOf('registry.mycompany.com/x:1-approved'));
    assert.equal(await pulled(from), 'registry.mycompany.com/x:1-approved');
    assert.equal(store.reads, 2);
  });

  test('the prefix is not looked at', async () => {
    assert.equal(
      await pulled(resolver(new MemoryMapStore('images: {}\n'))),
      'docker.io/atlanhq/x:1',
    );
  });

  test('that cannot be read nothing is pulled from anywhere else', async () => {
    const store = new MemoryMapStore(mapOf('registry.mycompany.com/x:1'));
    const gone = new MapStoreError('MAP_UNAVAILABLE', 'the bucket is gone');
    store.readFaults.push(gone);
    await assert.rejects(pulled(resolver(store)), gone);
    assert.equal(await pulled(resolver(store)), 'registry.mycompany.com/x:1');
  });

  test('that is not there, or not valid, neither', async () => {
    for (const [text, code] of [
      [undefined, 'MAP_UNAVAILABLE'],
      ['images: [', 'MAP_INVALID'],
    ] as const) {
      await assert.rejects(
        pulled(resolver(new MemoryMapStore(text))),
        (error) => error instanceof MapStoreError && error.code === code,
      );
    }
  });

  test('a store that cannot be opened is an error, too', async () => {
    const from = createImageResolver({
      images: WITH_MAP,
      cwd: '/',
      env: {},
      openMap: async () => Promise.reject(new Error('no such store')),
    });
    await assert.rejects(pulled(from), /no such store/);
  });

  test('an abort ends it', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const from = resolver(new MemoryMapStore('images: {}\n'));
    await assert.rejects(from.resolve(ANNOUNCED, { signal }), /enough/);
  });
});

describe('without a map', () => {
  test('the prefix decides, and no store is opened', async () => {
    const store = new MemoryMapStore(mapOf('registry.mycompany.com/x:1'));
    const from = resolver(store, { ...WITH_MAP, map: undefined });
    assert.equal(await pulled(from), 'registry.mycompany.com/base/x:1');
    assert.equal(store.reads, 0);
  });
});

describe('with the stores of this product', () => {
  test("the map is found through the configuration's own component", async (t) => {
    const path = await mkdtemp(join(tmpdir(), 'resolve-'));
    t.after(async () => rm(path, { recursive: true, force: true }));
    await writeFile(join(path, 'map.yaml'), mapOf('registry.mycompany.com/x:7'));
    const content = new Secret(
      `components: { objectstore: { type: bindings.localstorage, metadata: [{ name: rootPath, value: ${path} }] } }`,
    );
    const store = { path: '/nowhere/config.yaml', key: 'map.yaml', content };
    const images = { ...WITH_MAP, map: { store, settings: {} } };
    const from = createImageResolver({ images, cwd: '/', env: {} });
    assert.equal(await pulled(from), 'registry.mycompany.com/x:7');
  });
});
