import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MapStoreError, type MapStoreErrorCode } from '../../src/errors.ts';
import { setEntries } from '../../src/image-map/edit.ts';
import { parseImageMap } from '../../src/image-map/image-map.ts';
import { publish } from '../../src/mirror/publish.ts';
import type { MapStore, Revision, StoredMap } from '../../src/stores/map-store.ts';

export interface MapStoreUnderTest {
  /** Opens the same empty place anew each time: what another process would open. */
  readonly open: () => Promise<MapStore> | MapStore;
  /** Replaces the object without asking, as a person does. */
  readonly editByHand: (text: string) => Promise<void> | void;
  /** Stores bytes that are no text. */
  readonly putBytes?: (bytes: Uint8Array) => Promise<void> | void;
}

/** Whether an error is a map store's of this code; for `assert.rejects`. */
export function isMapStoreError(code: MapStoreErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MapStoreError, `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/**
 * What every map store promises.
 *
 * @param makeStore - an empty place for one test
 */
export function mapStoreContract(
  name: string,
  makeStore: () => Promise<MapStoreUnderTest> | MapStoreUnderTest,
): void {
  describe(`${name} keeps the contract of a map store`, () => {
    test('has no map at first', async () => {
      const { open } = await makeStore();
      assert.equal(await (await open()).read(), undefined);
    });

    test('creates a map, and reads back every byte with the revision of the write', async () => {
      const { open } = await makeStore();
      const text = '\uFEFF# ümläut — 🚀\r\nimages: {}\n\n  \n';
      const revision = await (await open()).write(text, undefined);
      assertHolds(await (await open()).read(), text, revision);
    });

    test('replaces the map it knows', async () => {
      const store = await (await makeStore()).open();
      const first = await store.write('images: {}\n', undefined);
      const second = await store.write('images: {} # 2\n', first);
      assert.notEqual(second, first);
      assertHolds(await store.read(), 'images: {} # 2\n', second);
    });

    test('holds an empty file apart from none', async () => {
      const store = await (await makeStore()).open();
      const revision = await store.write('', undefined);
      assertHolds(await store.read(), '', revision);
      await assert.rejects(store.write('# x', undefined), isMapStoreError('MAP_CONFLICT'));
    });

    test('does not create a map where one is', async () => {
      const { open, editByHand } = await makeStore();
      const store = await open();
      await editByHand('# by hand\n');
      await assert.rejects(store.write('images: {}\n', undefined), isMapStoreError('MAP_CONFLICT'));
      assert.equal((await store.read())?.text, '# by hand\n');
    });

    test('does not replace what was edited meanwhile', async () => {
      const { open, editByHand } = await makeStore();
      const store = await open();
      const stale = await store.write('# 1\n', undefined);
      await editByHand('# by hand\n');
      await assert.rejects(store.write('# 2\n', stale), isMapStoreError('MAP_CONFLICT'));
      assert.equal((await store.read())?.text, '# by hand\n');
      const current = await store.read();
      await store.write('# 2\n', current?.revision);
    });

    test('does not take another revision for its own', async () => {
      const store = await (await makeStore()).open();
      const first = await store.write('# 1\n', undefined);
      const second = await store.write('# 2\n', first);
      await assert.rejects(store.write('# 3\n', first), isMapStoreError('MAP_CONFLICT'));
      await store.write('# 3\n', second);
    });

    test('one of several that create it at once wins', async () => {
      const { open } = await makeStore();
      await oneWins(open, undefined);
    });

    test('one of several that replace it at once wins', async () => {
      const { open } = await makeStore();
      const revision = await (await open()).write('# 0\n', undefined);
      await oneWins(open, revision);
    });

    test('refuses what is not UTF-8 instead of mending it', async (t) => {
      const { open, putBytes } = await makeStore();
      if (putBytes === undefined) return t.skip('holds text only');
      await putBytes(Buffer.from('images: {} # caf\xE9\n', 'latin1'));
      await assert.rejects((await open()).read(), isMapStoreError('MAP_INVALID'));
    });

    test('is abandoned by an aborted signal, with its reason', async () => {
      const store = await (await makeStore()).open();
      const reason = new Error('stop');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(store.read({ signal }), reason);
      await assert.rejects(store.write('# 1\n', undefined, { signal }), reason);
      assert.equal(await store.read(), undefined);
    });

    test('its location says where it is', async () => {
      const { location } = await (await makeStore()).open();
      assert.match(location, /^[a-z0-9]+:/);
    });

    test('publishers at once, and a person between them, lose nothing', async () => {
      const { open, editByHand } = await makeStore();
      await editByHand('images: {}\n');
      const writer = async (id: number): Promise<void> => {
        const store = await open();
        for (let i = 0; i < 3; i += 1) {
          const entry = { key: `app/w${id}:${i}`, value: `r.io/w${id}:${i}` };
          await publish({ store, edit: (text) => setEntries(text, [entry]) });
        }
      };
      const person = async (): Promise<void> => {
        const store = await open();
        await publish({ store, edit: aroundByHand });
      };
      await Promise.all([writer(0), writer(1), person(), writer(2)]);
      const text = (await (await open()).read())?.text ?? '';
      assert.equal(parseImageMap(text).entries.length, 9);
      assert.match(text, /^# by hand: "keep"\n/);
      assert.match(text, /^release: \{name: mine\}$/m);
    });
  });
}

function assertHolds(stored: StoredMap | undefined, text: string, revision: Revision): void {
  assert.deepEqual({ text: stored?.text, revision: stored?.revision }, { text, revision });
}

function aroundByHand(text: string = ''): string {
  return `# by hand: "keep"\n${text}release: {name: mine}\n`;
}

async function oneWins(
  open: MapStoreUnderTest['open'],
  expected: Revision | undefined,
): Promise<void> {
  const texts = Array.from({ length: 8 }, (_, i) => `# winner ${i}\n`);
  const results = await Promise.allSettled(
    texts.map(async (text) => (await open()).write(text, expected)),
  );
  const winners = texts.filter((_, i) => results[i]?.status === 'fulfilled');
  assert.equal(winners.length, 1);
  for (const result of results) {
    if (result.status === 'rejected') isMapStoreError('MAP_CONFLICT')(result.reason);
  }
  assert.equal((await (await open()).read())?.text, winners[0]);
}
