import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import type { CopiedImage } from '../../../src/mirror/discover.ts';
import { Publisher } from '../../../src/mirror/publisher.ts';
import { parseReference, parseTagReference } from '../../../src/registry/reference.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { push } from '../../support/images.ts';
import { imageOf, TARGET } from './world.ts';

const INTERVAL = 10_000;

/** A publisher, and everything it works with. */
function setUp({ isNew = false }: { readonly isNew?: boolean } = {}) {
  const store = new MemoryMapStore(isNew ? undefined : '# map\n');
  const target = new MemoryRegistry();
  const clock = new FakeClock();
  const log: LogRecord[] = [];
  const publisher = new Publisher({
    store,
    target,
    policy: { entries: 'tag', existingEntry: 'keep' },
    logger: createLogger((record) => log.push(record)),
    revision: undefined,
    intervalMs: INTERVAL,
    lookAgainAfter: [0],
    now: () => clock.now(),
  });
  /** Puts an image under its tag at the target and hands it to the publisher. */
  const add = (name: string): CopiedImage => {
    const image = imageOf('any');
    push(target.repository(`${TARGET}/${name}`), image, '1');
    const copied: CopiedImage = {
      release: { image: `v/${name}:1` },
      source: parseReference(`v/${name}:1`),
      target: parseTagReference(`${TARGET}/${name}:1`),
      keepsTags: true,
      digest: image.digest,
    };
    publisher.add(copied);
    return copied;
  };
  return { store, target, clock, log, publisher, add };
}

/** Until a write under way has ended: in memory it waits for nothing but its turn. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** The images that the map names, in order. */
function named({ text }: MemoryMapStore): readonly string[] {
  return [...(text ?? '').matchAll(/"v\/(\w+):1":/g)].map(([, name = '']) => name);
}

describe('publisher', () => {
  test('writes the first image at once, the next ones together at the end', async () => {
    const { store, publisher, add } = setUp();
    add('a');
    await settled();
    assert.deepEqual(named(store), ['a']);
    add('b');
    add('c');
    await settled();
    assert.deepEqual(named(store), ['a'], 'not before the interval has passed');
    assert.deepEqual(await publisher.finish(), []);
    assert.deepEqual(named(store), ['a', 'b', 'c']);
    assert.equal(store.writes, 2);
    assert.deepEqual(publisher.map, { changed: true, revision: (await store.read())?.revision });
  });

  test('writes again with the first image after the interval', async () => {
    const { store, clock, add } = setUp();
    add('a');
    await settled();
    add('b');
    clock.advance(INTERVAL);
    add('c');
    await settled();
    assert.deepEqual(named(store), ['a', 'b', 'c']);
    assert.equal(store.writes, 2);
  });

  test('never writes twice at once', async () => {
    const { store, clock, publisher, add } = setUp();
    let writing = 0;
    let most = 0;
    store.before = async (method) => {
      if (method !== 'write') return;
      writing += 1;
      most = Math.max(most, writing);
      await new Promise((resolve) => setImmediate(resolve));
      writing -= 1;
    };
    for (const name of ['a', 'b', 'c']) {
      add(name);
      clock.advance(INTERVAL);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await publisher.finish();
    assert.equal(most, 1);
    assert.deepEqual(named(store), ['a', 'b', 'c']);
  });

  test('has nothing to do without images: not even a look at the map', async () => {
    const { store, target, publisher } = setUp();
    assert.deepEqual(await publisher.finish(), []);
    assert.deepEqual([store.reads, target.calls, publisher.map.changed], [0, [], false]);
  });

  test('tries again at the end what could not be written, and says so in the log', async () => {
    const { store, log, publisher, add } = setUp();
    store.faults.push('forbidden');
    add('a');
    await settled();
    assert.deepEqual(named(store), []);
    assert.match(log[0]?.message ?? '', /could not be written yet: forbidden/);
    await publisher.finish();
    assert.deepEqual(named(store), ['a']);
  });

  test('throws at the end what could not be written; what was written before stays told', async () => {
    const { store, publisher, add } = setUp();
    add('a');
    await settled();
    const { map } = publisher;
    add('b');
    store.faults.push('forbidden');
    await assert.rejects(publisher.finish(), MapStoreError);
    assert.deepEqual(publisher.map, map);
    assert.equal(map.changed, true);
  });

  test('has changed the map even if somebody else has written the rest of it', async () => {
    const { store, publisher, add } = setUp();
    add('a');
    await settled();
    add('b');
    store.editByHand(`${store.text}  "v/b:1": "${TARGET}/b:1"\n`);
    const { writes } = store;
    await publisher.finish();
    assert.equal(store.writes, writes);
    assert.deepEqual(publisher.map, { changed: true, revision: (await store.read())?.revision });
  });

  test('gives a tag that the target lost one more look, at the end', async () => {
    const { store, target, publisher, add } = setUp();
    const a = add('a');
    target.repository(`${TARGET}/a`).tags.clear();
    await settled();
    assert.deepEqual(named(store), []);
    push(target.repository(`${TARGET}/a`), imageOf('any'), '1');
    assert.deepEqual(await publisher.finish(), []);
    assert.deepEqual(named(store), ['a']);

    const b = add('b');
    target.repository(`${TARGET}/b`).tags.clear();
    const missing = await publisher.finish();
    assert.deepEqual(
      missing.map(({ image }) => image),
      [b],
    );
    assert.match(String(missing[0]?.error), /b:1 was copied as sha256:.* had lost it/);
    assert.notEqual(a, b);
  });

  test('writes no map for what the target lost', async () => {
    const { store, target, publisher, add } = setUp({ isNew: true });
    add('a');
    target.repository(`${TARGET}/a`).tags.clear();
    await publisher.finish();
    assert.equal(store.text, undefined);
    assert.equal(publisher.map.changed, false);
  });
});
