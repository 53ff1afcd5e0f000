import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { laterSignal } from '../../../src/mirror/abandon.ts';

const reason = new Error('stop');

test('is aborted some time after the other one, with its reason', async () => {
  const earlier = new AbortController();
  const later = laterSignal(earlier.signal, 5);
  assert.equal(later.signal.aborted, false);
  const aborted = once(later.signal, 'abort');
  earlier.abort(reason);
  assert.equal(later.signal.aborted, false, 'not at once');
  await aborted;
  assert.equal(later.signal.reason, reason);
  later.dispose();
});

test('counts from now on if the other one is aborted already', async () => {
  const later = laterSignal(AbortSignal.abort(reason), 1);
  await once(later.signal, 'abort');
  assert.equal(later.signal.reason, reason);
  later.dispose();
});

test('is never aborted without another one', () => {
  const later = laterSignal(undefined, 0);
  later.dispose();
  assert.equal(later.signal.aborted, false);
});

test('disposed of, it keeps no timer: neither of an abort before nor of one after', async () => {
  const earlier = new AbortController();
  const before = laterSignal(AbortSignal.abort(reason), 1);
  const after = laterSignal(earlier.signal, 1);
  before.dispose();
  after.dispose();
  earlier.abort(reason);
  const longer = laterSignal(earlier.signal, 5);
  await once(longer.signal, 'abort');
  assert.deepEqual([before.signal.aborted, after.signal.aborted], [false, false]);
});
