import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { record } from '../../../src/mirror/record.ts';
import { nameImages } from '../../../src/mirror/announce.ts';
import { digestOf, MediaType, type Manifest } from '../../../src/registry/manifest.ts';
import type { Digest, Reference } from '../../../src/registry/reference.ts';
import type { ManifestHead } from '../../../src/registry/registry.ts';
import { TARGET, World } from './world.ts';

const COUNT = 1000;
const NAMES = Array.from({ length: COUNT }, (_, index) => `app-${index}:1`);

function digestFor(name: string): Digest {
  return digestOf(Buffer.from(name));
}

function nameOf({ repository, ...at }: Reference): string {
  return `${repository.split('/').at(-1)}:${at.kind === 'tag' ? at.tag : at.digest}`;
}

async function headOf(digest: Digest | undefined): Promise<ManifestHead | undefined> {
  return digest && { digest, mediaType: MediaType.ociManifest, size: 1 };
}

async function manifestOf(digest: Digest): Promise<Manifest> {
  const bytes = new Uint8Array();
  return {
    kind: 'image',
    digest,
    mediaType: MediaType.ociManifest,
    bytes,
    config: undefined,
    layers: [],
  };
}

/** A world whose registries answer at once and cost nothing. */
function instantWorld(map?: string): World {
  const world = new World(map).announce(...NAMES);
  const held = new Map<string, Digest>();
  world.source.head = (reference) => headOf(digestFor(nameOf(reference)));
  world.source.getManifest = (reference) => manifestOf(digestFor(nameOf(reference)));
  world.target.head = (reference) => headOf(held.get(nameOf(reference)));
  world.copier = {
    copy: async ({ digest }, target) => {
      held.set(nameOf(target), digest);
      const blobs = { uploaded: 0, mounted: 0, present: 0 };
      return { digest, manifests: 1, blobs, bytes: 0, platforms: [], attachments: 0 };
    },
  };
  for (const name of NAMES) world.verifier.accept(digestFor(name));
  return world;
}

/** Milliseconds of processor time, which others on the machine do not add to; the least of three. */
async function cost(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}

describe('a thousand images', () => {
  for (const entries of ['tag', 'repository'] as const) {
    test(`are planned, recorded and published in no time of their own: entries by ${entries}`, async () => {
      const ms = await cost(async () => {
        const world = instantWorld();
        const { report } = await world.run({ entries, publishIntervalMs: 10_000, concurrency: 8 });
        assert.equal(report.totals.mirrored, COUNT);
        assert.equal(parseImageMap(world.store.text ?? '').entries.length, COUNT);
        assert.equal(world.store.writes, 2);
      });
      assert.ok(ms < 1500, `${ms} ms`);
    });
  }

  test('with nothing to do take even less', async () => {
    const world = instantWorld();
    await world.run({ publishIntervalMs: 10_000 });
    const ms = await cost(async () => {
      const { report } = await world.run();
      assert.equal(report.totals.unchanged, COUNT);
    });
    assert.ok(ms < 700, `${ms} ms`);
  });

  test('replace a thousand entries of a map', async () => {
    const text = `images:\n${NAMES.map((name) => `  "atlanhq/${name}": "old.example/${name}" # why\n`).join('')}`;
    const images = nameImages(
      NAMES.map((name) => ({ image: `atlanhq/${name}` })),
      new World().settings,
    ).filter((image) => 'target' in image);
    let edited = '';
    const ms = await cost(() => {
      edited = record(text, images, { entries: 'tag', existingEntry: 'replace' });
    });
    assert.equal(edited, text.replaceAll('old.example/', `${TARGET}/`));
    assert.ok(ms < 700, `${ms} ms`);
  });
});
