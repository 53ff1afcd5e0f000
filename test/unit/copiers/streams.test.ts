import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Streams } from '../../../src/copiers/streams.ts';

test('so many are open at once, and of those that wait the largest goes first', async () => {
  const streams = new Streams(2);
  const opened: number[] = [];
  const slots = [1, 2, 5, 20, 5, 80].map((bytes) => {
    const slot = streams.slot(bytes);
    void slot.take().then(() => opened.push(bytes));
    return slot;
  });
  await settled();
  assert.deepEqual(opened, [1, 2]);
  for (const place of [0, 1, 5, 3]) {
    slots[place]?.close();
    await settled();
  }
  assert.deepEqual(opened, [1, 2, 80, 20, 5, 5]);
});

test('a place is given back once, however often it is taken and closed', async () => {
  const streams = new Streams(1);
  const first = streams.slot(1);
  await first.take();
  await first.take();
  first.close();
  first.close();
  const [second, third] = [streams.slot(1), streams.slot(1)];
  await second.take();
  const opened: string[] = [];
  void third.take().then(() => opened.push('third'));
  await settled();
  assert.deepEqual(opened, []);
  second.close();
  await settled();
  assert.deepEqual(opened, ['third']);
});

test('a transfer that is over before its turn came keeps nobody waiting', async () => {
  const streams = new Streams(1);
  const [first, gone, last] = [streams.slot(1), streams.slot(2), streams.slot(1)];
  await first.take();
  const given = assert.rejects(gone.take(), /over before its turn/);
  gone.close();
  const taking = last.take();
  first.close();
  await given;
  await taking;
});
