import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CopyProgress } from '../../../src/copiers/image-copier.ts';
import { Tally } from '../../../src/copiers/tally.ts';
import { digestOf, type Descriptor } from '../../../src/registry/manifest.ts';

function blob(text: string, size: number): Descriptor {
  return { mediaType: 'text/plain', digest: digestOf(Buffer.from(text)), size };
}

const [a, b, c] = [blob('a', 10), blob('b', 20), blob('c', 30)];

test('counts each blob once, by how it came, and the bytes that were sent', () => {
  const tally = new Tally(undefined);
  for (const one of [a, b, c, a]) tally.expect(one);
  tally.settle(a, 'uploaded');
  tally.settle(a, 'present');
  tally.settle(b, 'mounted');
  tally.settle(c, 'present');
  assert.deepEqual(tally.result(), {
    manifests: 0,
    blobs: { uploaded: 1, mounted: 1, present: 1 },
    bytes: 10,
  });
});

test('progress: what need not be sent counts as done, what is sent again does not count twice', () => {
  const seen: CopyProgress[] = [];
  const tally = new Tally((progress) => seen.push(progress));
  tally.expect(a);
  tally.expect(b);
  tally.expect(a);
  tally.sent(a, 8);
  tally.sent(a, 3);
  tally.settle(a, 'uploaded');
  tally.sent(a, 4);
  tally.settle(b, 'mounted');
  assert.deepEqual(
    seen.map(({ doneBytes, totalBytes }) => `${doneBytes}/${totalBytes}`),
    ['0/10', '0/30', '8/30', '3/30', '10/30', '30/30'],
  );
});
