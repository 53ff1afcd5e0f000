import assert from 'node:assert/strict';
import { setEntries } from '../../src/image-map/edit.ts';
import { parseImageMap } from '../../src/image-map/image-map.ts';
import { publish } from '../../src/mirror/publish.ts';
import type { MapStore } from '../../src/stores/map-store.ts';

const BEFORE = '# ours\nimages: # all of them\n  "x/y:1": "r.io/y:1"   # approved\n';
const BY_HAND = '# by hand, in the middle\nrelease:\n  name: mine # keep\n';

/**
 * Writers publish entries to one map, each one at a time, while a person adds comments
 * and keys; asserts that all of it is there in the end.
 *
 * @param open - opens the same empty place: what another process would open
 */
export async function assertNothingIsLost(
  open: () => Promise<MapStore> | MapStore,
  { writers = 16, edits = 25 }: { readonly writers?: number; readonly edits?: number } = {},
): Promise<void> {
  await (await open()).write(BEFORE, undefined);
  let done = 0;
  const middle = Promise.withResolvers<void>();
  const write = async (writer: number): Promise<void> => {
    const store = await open();
    for (let i = 0; i < edits; i += 1) {
      const entry = { key: keyOf(writer, i), value: `reg.example/w${writer}:${i}-ok` };
      await publish({ store, edit: (text) => setEntries(text, [entry]), attempts: 1000 });
      done += 1;
      if (done === (writers * edits) / 2) middle.resolve();
    }
  };
  const person = async (): Promise<void> => {
    await middle.promise;
    await publish({ store: await open(), edit: addByHand, attempts: 1000 });
  };
  await Promise.all([person(), ...Array.from({ length: writers }, (_, i) => write(i))]);

  const text = (await (await open()).read())?.text ?? '';
  const map = parseImageMap(text);
  const expected = Array.from({ length: writers * edits }, (_, i) =>
    keyOf(Math.floor(i / edits), i % edits),
  );
  assert.deepEqual(
    expected.filter((key) => map.entry(key) === undefined),
    [],
    'entries are lost',
  );
  assert.equal(map.entries.length, expected.length + 1);
  assert.ok(text.startsWith(BEFORE), 'what was there before is lost');
  assert.ok(text.endsWith(BY_HAND), 'the edit by hand is lost');
}

function addByHand(text: string = ''): string {
  return text + BY_HAND;
}

function keyOf(writer: number, i: number): string {
  return `atlanhq/app-${writer}:${i}`;
}
