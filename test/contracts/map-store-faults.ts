import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setEntries } from '../../src/image-map/edit.ts';
import { publish } from '../../src/mirror/publish.ts';
import type { MapStore } from '../../src/stores/map-store.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';

const BEFORE = '# ours\nimages:\n  "x/y:1": "r.io/y:1" # approved\n';
const ENTRY = { key: 'atlanhq/a:1', value: 'r.io/a:1' };
const EXPECTED = `${BEFORE}  "${ENTRY.key}": "${ENTRY.value}"\n`;

const faults: readonly (readonly [string, Fault])[] = [
  ['500 after it was stored', { kind: 'status', after: true, status: 500, code: 'InternalError' }],
  ['503 after it was stored', { kind: 'status', after: true, status: 503, code: 'SlowDown' }],
  ['a connection cut after it was stored', { kind: 'reset', after: true }],
  ['500', { kind: 'status', status: 500, code: 'InternalError' }],
  ['503', { kind: 'status', status: 503, code: 'SlowDown' }],
  ['a connection cut before it was stored', { kind: 'reset' }],
  ['a slow server', { kind: 'slow', ms: 400 }],
];

/**
 * What publishing promises while the way to a real server is harmed.
 *
 * @param make - an empty place for one test: the server's base URL, and how to open a store in this
 *   place by way of another base URL
 */
export function mapStoreFaults(
  name: string,
  make: () => Promise<{
    readonly url: string;
    readonly open: (url: string) => Promise<MapStore> | MapStore;
  }>,
): void {
  describe(`${name}, with a faulty way to it`, () => {
    for (const [what, fault] of faults) {
      test(`publishes through ${what}`, async (t) => {
        const { url, open } = await make();
        const direct = await open(url);
        await direct.write(BEFORE, undefined);
        const proxy = await FaultProxy.start(url);
        t.after(() => proxy.stop());
        const store = await open(proxy.url);
        // Whatever a store does before its first write is not what is harmed here.
        await store.write(BEFORE, (await store.read())?.revision);
        proxy.faults.push(fault);
        const { changed } = await publish({ store, edit: (text) => setEntries(text, [ENTRY]) });
        assert.equal(changed, true);
        assert.equal(proxy.faults.length, 0);
        assert.equal((await direct.read())?.text, EXPECTED);
      });
    }

    test('publishes through faults between many writers, and loses nothing', async (t) => {
      const { url, open } = await make();
      const proxy = await FaultProxy.start(url);
      t.after(() => proxy.stop());
      await (await open(url)).write(BEFORE, undefined);
      await Promise.all(
        Array.from({ length: 4 }, async (_, writer) => {
          const store = await open(proxy.url);
          for (let i = 0; i < 4; i += 1) {
            const fault = faults[(writer * 4 + i) % faults.length]?.[1];
            if (fault !== undefined && fault.kind !== 'slow') proxy.faults.push(fault);
            const entry = { key: `atlanhq/w${writer}:${i}`, value: `r.io/w${writer}:${i}` };
            await publish({ store, edit: (text) => setEntries(text, [entry]), attempts: 200 });
          }
        }),
      );
      const text = (await (await open(url)).read())?.text ?? '';
      assert.equal(text.match(/"atlanhq\/w\d:\d": "r\.io\/w\d:\d"\n/g)?.length, 16);
      assert.ok(text.startsWith(BEFORE));
    });
  });
}
