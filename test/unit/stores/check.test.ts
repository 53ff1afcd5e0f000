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
