import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { checkMapStore } from '../../../src/stores/check.ts';
import type { ProvableMapStore, ScratchMapStore } from '../../../src/stores/map-store.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';

/** A store with one scratch object, to be spoilt. */
function provable(scratch: MemoryMapStore, map: MemoryMapStore = new MemoryMapStore()) {
  const removed: string[] = [];
  const removable: ScratchMapStore = Object.assign(scratch, {
    remove: async () => void removed.push('removed'),
  });
  const store: ProvableMapStore = Object.assign(map, { scratch: () => removable });
  return { store, removed };
}

async function failedStep(scratch: MemoryMapStore) {
  const { store, removed } = provable(scratch);
  const steps = await checkMapStore(store);
  const failed = steps.filter(({ outcome }) => outcome === 'failed');
  assert.equal(failed.length, 1, JSON.stringify(steps));
  assert.ok(failed[0]?.error instanceof MapStoreError, 'no bug, but a store that is not safe');
  return { ...failed[0], removed };
}

/** A store with a scratch object for each suffix. */
function withPlaces(): {
  readonly store: ProvableMapStore;
  readonly place: (suffix: string) => MemoryMapStore;
  readonly asked: () => readonly string[];
  /** Suffixes with something there. */
  readonly left: () => Promise<readonly string[]>;
} {
  const places = new Map<string, MemoryMapStore>();
  const place = (suffix: string): MemoryMapStore => {
    const found = places.get(suffix) ?? new MemoryMapStore();
    places.set(suffix, found);
    return found;
  };
  return {
    store: Object.assign(new MemoryMapStore(), { scratch: place }),
    place,
    asked: () => [...places.keys()],
    left: async () => {
      const texts = await Promise.all(
        [...places].map(async ([suffix, each]) => [suffix, await each.read()] as const),
      );
      return texts.flatMap(([suffix, stored]) => (stored === undefined ? [] : [suffix]));
    },
  };
}

describe('what a check that was killed leaves', () => {
  const HOUR = 60 * 60_000;
  const now = Date.UTC(2026, 0, 1);

  /** Ends as if the process had died: nothing removes what is there. */
  async function kill(store: ProvableMapStore, place: MemoryMapStore, write: number) {
    const dies = new AbortController();
    const { onWrite: before, writes } = place;
    place.onWrite = () => {
      if (place.writes === writes + write) dies.abort(new Error('killed'));
    };
    const remove = place.remove.bind(place);
    place.remove = async () => undefined;
    await assert.rejects(checkMapStore(store, { signal: dies.signal, now: () => now }), /killed/);
    Object.assign(place, { remove, onWrite: before });
  }

  test('is removed by the next one, whatever it was about', async () => {
    for (const write of [1, 2, 4]) {
      const { store, place, left } = withPlaces();
      await kill(store, place('.check'), write);
      assert.deepEqual(await left(), ['.check']);
      const steps = await checkMapStore(store, { now: () => now + HOUR + 1 });
      assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['ok']);
      assert.deepEqual(await left(), []);
    }
  });

  test('is left alone while it may be at work, and so is what no check wrote', async () => {
    const { store, place, asked, left } = withPlaces();
    await kill(store, place('.check'), 1);
    for (const before of [undefined, '# of somebody\n']) {
      if (before !== undefined) place('.check').editByHand(before);
      const steps = await checkMapStore(store, { now: () => now + HOUR });
      assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['ok']);
      assert.match(asked().at(-1) ?? '', /^\.check-[0-9a-f-]{36}$/);
      assert.deepEqual(await left(), ['.check']);
    }
  });

  test('that cannot be removed is no reason to find the store wanting', async () => {
    const { store, place } = withPlaces();
    await kill(store, place('.check'), 1);
    place('.check').remove = () => Promise.reject(new MapStoreError('MAP_UNAVAILABLE', 'no right'));
    const steps = await checkMapStore(store, { now: () => now + 2 * HOUR });
    assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['ok']);
  });

  test('is removed by one of several that find it, or begin, at once', async () => {
    const { store, place, left } = withPlaces();
    for (const later of [1, 2]) {
      if (later === 2) await kill(store, place('.check'), 1);
      const all = await Promise.all(
        [1, 2, 3].map(async () => checkMapStore(store, { now: () => now + later * 2 * HOUR })),
      );
      const bad = all.flat().filter(({ outcome }) => outcome !== 'ok');
      assert.deepEqual(bad, []);
      assert.deepEqual(await left(), []);
    }
  });

  test('is not removed once another check has taken its place', async () => {
    const { store, place } = withPlaces();
    await kill(store, place('.check'), 1);
    const read = place('.check').read.bind(place('.check'));
    place('.check').read = async () => {
      const stored = await read();
      place('.check').editByHand('# of another check\n');
      return stored;
    };
    const steps = await checkMapStore(store, { now: () => now + 2 * HOUR });
    assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['ok']);
    assert.equal(place('.check').text, '# of another check\n');
  });
});

describe('checkMapStore', () => {
  test('proves a store that is right, without touching the map', async () => {
    const map = new MemoryMapStore('images: {"a/b:1": "r.io/b:1"}\n');
    map.writer = 'a colleague';
    const { store, removed } = provable(new MemoryMapStore(), map);
    const steps = await checkMapStore(store);
    assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['ok']);
    assert.equal(steps[0]?.detail, '1 entries, last written by a colleague');
    assert.equal(map.writes, 0);
    assert.deepEqual(removed, ['removed']);
  });

  test('finds out who compares, then writes, without a lock', async () => {
    const scratch = new MemoryMapStore();
    const write = scratch.write.bind(scratch);
    scratch.write = async (text, expected) => {
      const current = await scratch.read();
      if (current?.revision !== expected) throw new MapStoreError('MAP_CONFLICT', 'no');
      // Others compare at the same moment.
      await new Promise((resolve) => void setImmediate(resolve));
      return write(text, (await scratch.read())?.revision);
    };
    const { name, detail, removed } = await failedStep(scratch);
    assert.equal(name, 'let one of several writers win');
    assert.match(detail ?? '', /6 of 6 writers replaced the same revision/);
    assert.deepEqual(removed, ['removed']);
  });

  test('finds out who ignores revisions', async () => {
    const scratch = new MemoryMapStore();
    const write = scratch.write.bind(scratch);
    scratch.write = async (text) => write(text, (await scratch.read())?.revision);
    const { name, detail } = await failedStep(scratch);
    assert.equal(name, 'refuse to create it again');
    assert.match(detail ?? '', /would be lost/);
  });

  test('finds out who serves old answers', async () => {
    const scratch = new MemoryMapStore();
    const read = scratch.read.bind(scratch);
    const first = read();
    scratch.read = async () => first;
    assert.equal((await failedStep(scratch)).name, 'read it back');
  });

  test('tries nothing further where the map cannot be read', async () => {
    const map = new MemoryMapStore();
    map.readFaults.push(new MapStoreError('MAP_UNAVAILABLE', 'no bucket', undefined, false));
    const { store, removed } = provable(new MemoryMapStore(), map);
    const steps = await checkMapStore(store);
    assert.deepEqual(
      steps.map(({ outcome }) => outcome),
      ['failed', ...Array.from({ length: 7 }, () => 'skipped')],
    );
    assert.equal(steps[0]?.detail, 'no bucket');
    assert.deepEqual(removed, []);
  });

  test('removes what it wrote when it is stopped, and says so by the signal’s reason', async () => {
    const scratch = new MemoryMapStore();
    const stop = new AbortController();
    const reason = new Error('stop');
    scratch.onWrite = () => {
      if (scratch.writes === 2) stop.abort(reason);
    };
    const { store, removed } = provable(scratch);
    await assert.rejects(checkMapStore(store, stop), reason);
    assert.deepEqual(removed, ['removed']);
  });
});
