import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../../../../src/registry/http/join.ts';

test('joined chunks hold no more memory than they need', () => {
  const joined = join([Buffer.from('ab'), Buffer.from('cde')]);
  assert.equal(joined.toString(), 'abcde');
  assert.equal(joined.buffer.byteLength, 5);
});

test('nothing joined is empty', () => {
  assert.equal(join([]).byteLength, 0);
});
