import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { setEntries } from '../../../src/image-map/edit.ts';
import { publish, type PublishOptions } from '../../../src/mirror/publish.ts';
import { isMapStoreError } from '../../contracts/map-store.ts';
import { MemoryMapStore, type WriteFault } from '../../fakes/memory-map-store.ts';

const entry = { key: 'atlanhq/a:1', value: 'r.io/a:1' };
const edit = (text: string | undefined): string => setEntries(text, [entry]);
const TEXT = 'images: # ours\n  "x/y:1": "r.io/y:1"\n';
const EDITED = `${TEXT}  "atlanhq/a:1": "r.io/a:1"\n`;

/** Publishes without waiting, and tells how long it would have. */
async function publishTo(store: MemoryMapStore, options: Partial<PublishOptions> = {}) {
  const pauses: number[] = [];
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms);
  const result = await publish({ store, edit, sleep, random: () => 0.5, ...options });
  return { ...result, pauses };
}

describe('publish', () => {
  test('creates the first map', async () => {
    const store = new MemoryMapStore();
    const { changed, revision, text, attempts } = await publishTo(store);
    assert.deepEqual({ changed, attempts }, { changed: true, attempts: 1 });
    assert.deepEqual(await store.read(), { text, revision });
  });

  test('writes nothing when the map says all this already', async () => {
    const store = new MemoryMapStore(EDITED);
    const { changed, attempts, revision } = await publishTo(store);
    assert.deepEqual({ changed, attempts }, { changed: false, attempts: 0 });
    assert.equal(store.writes, 0);
    assert.equal(revision, (await store.read())?.revision);
  });

  test('creates no map to say nothing', async () => {
    const store = new MemoryMapStore();
    const result = await publishTo(store, { edit: (text = '') => text });
    assert.deepEqual(
      { changed: result.changed, revision: result.revision, writes: store.writes },
      { changed: false, revision: undefined, writes: 0 },
    );
  });

  test('edits anew what somebody changed between reading and writing', async () => {
    const store = new MemoryMapStore(TEXT);
    const byHand = ['# one\n', '# two\n'];
    store.onWrite = () => {
      const line = byHand.shift();
      if (line !== undefined) store.editByHand(line + store.text);
    };
    const { changed, attempts } = await publishTo(store);
    assert.deepEqual({ changed, attempts }, { changed: true, attempts: 3 });
    assert.equal(store.text, `# two\n# one\n${EDITED}`);
  });

  for (const fault of ['lost-reply', 'self-conflict'] as const) {
    test(`recognises its own bytes after a ${fault}`, async () => {
      const store = new MemoryMapStore(TEXT);
      store.faults.push(fault);
      const { changed, attempts, revision } = await publishTo(store);
      assert.deepEqual({ changed, attempts }, { changed: true, attempts: 1 });
      assert.equal(store.text, EDITED);
      assert.equal(revision, (await store.read())?.revision);
    });
  }

  test('recognises its own bytes when the look afterwards fails at first', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push('lost-reply');
    store.onWrite = () => void store.readFaults.push(new MapStoreError('MAP_UNAVAILABLE', '503'));
    const { changed, attempts } = await publishTo(store);
    assert.deepEqual({ changed, attempts }, { changed: true, attempts: 1 });
  });

  test('is content when somebody wrote on top of its lost write', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push('lost-reply');
    const read = store.read.bind(store);
    let reads = 0;
    store.read = async (options) => {
      reads += 1;
      if (reads === 2) store.editByHand(`# on top\n${store.text}`);
      return read(options);
    };
    const { attempts } = await publishTo(store);
    assert.equal(attempts, 1);
    assert.equal(store.text, `# on top\n${EDITED}`);
  });

  test('writes again after an outage that stored nothing', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push('unavailable', 'unavailable');
    const { attempts } = await publishTo(store);
    assert.equal(attempts, 3);
    assert.equal(store.text, EDITED);
  });

  test('gives up on an outage that lasts', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push(...Array.from({ length: 100 }, (): WriteFault => 'unavailable'));
    await assert.rejects(publishTo(store), isMapStoreError('MAP_UNAVAILABLE'));
    assert.ok(store.writes <= 5);
  });

  test('asks once for what it has no right to', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push('forbidden');
    await assert.rejects(publishTo(store), isMapStoreError('MAP_UNAVAILABLE'));
    assert.deepEqual([store.reads, store.writes], [1, 1]);
  });

  test('gives up on a map that others never leave alone, saying who and what', async () => {
    const store = new MemoryMapStore(TEXT);
    store.writer = 'a colleague';
    store.onWrite = () => store.editByHand(`# again\n${store.text}`);
    await assert.rejects(publishTo(store, { attempts: 7 }), (error) => {
      isMapStoreError('MAP_CONFLICT')(error);
      assert.match(
        String(error),
        /memory:map: somebody else changed the map each of the 7 times .* "atlanhq\/a:1" \(the map was last written by a colleague\)/,
      );
      return true;
    });
    assert.equal(store.writes, 7);
    assert.equal(store.text, `${'# again\n'.repeat(7)}${TEXT}`);
  });

  test('takes its last write for a success if it turns out to be one', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push('conflict', 'self-conflict');
    const { changed, attempts } = await publishTo(store, { attempts: 2 });
    assert.deepEqual({ changed, attempts }, { changed: true, attempts: 2 });
  });

  test('backs off longer and longer, up to a bound, by a random part of it', async () => {
    const store = new MemoryMapStore(TEXT);
    store.faults.push(...Array.from({ length: 12 }, (): WriteFault => 'conflict'));
    const { pauses } = await publishTo(store);
    assert.equal(pauses.length, 12);
    assert.deepEqual(pauses.slice(0, 3), [50, 100, 200]);
    assert.equal(Math.max(...pauses), 1500);
    store.editByHand(TEXT);
    store.faults.push('conflict');
    assert.deepEqual((await publishTo(store, { random: () => 0 })).pauses, [0]);
  });

  test('never overwrites what is not a map, whatever the edit says', async () => {
    const store = new MemoryMapStore('images: [\n');
    await assert.rejects(publishTo(store, { edit: () => EDITED }), (error) => {
      isMapStoreError('MAP_INVALID')(error);
      assert.match(String(error), /memory:map:2:1: /);
      return true;
    });
    assert.equal(store.writes, 0);
  });

  test('never overwrites a map that became invalid after it was read', async () => {
    const store = new MemoryMapStore(TEXT);
    store.onWrite = () => store.editByHand('images: [\n');
    await assert.rejects(publishTo(store), isMapStoreError('MAP_INVALID'));
    assert.equal(store.text, 'images: [\n');
  });

  test('never writes what is not a map', async () => {
    const store = new MemoryMapStore(TEXT);
    await assert.rejects(publishTo(store, { edit: () => '- x\n' }), isMapStoreError('MAP_INVALID'));
    assert.equal(store.writes, 0);
  });

  test('ends with the signal while it waits, with its reason', async () => {
    const store = new MemoryMapStore(TEXT);
    const stop = new AbortController();
    const reason = new Error('stop');
    store.onWrite = () => {
      store.faults.push('conflict');
      setImmediate(() => stop.abort(reason));
    };
    await assert.rejects(publish({ store, edit, signal: stop.signal, random: () => 1 }), reason);
    assert.equal(store.text, TEXT);
  });
});
