import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRetryAfter } from '../../../../src/registry/http/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

test('a number is a wait in seconds', () => {
  assert.equal(parseRetryAfter('0', NOW), 0);
  assert.equal(parseRetryAfter(' 120 ', NOW), 120_000);
  assert.equal(parseRetryAfter('1.5', NOW), 1500);
});

test('a date is a moment', () => {
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 12:00:30 GMT', NOW), 30_000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 11:00:00 GMT', NOW), 0);
});

test('a unix time is a moment, in seconds or in milliseconds', () => {
  assert.equal(parseRetryAfter(String(NOW / 1000 + 42), NOW), 42_000);
  assert.equal(parseRetryAfter(String(NOW + 4200), NOW), 4200);
  assert.equal(parseRetryAfter(String(NOW / 1000 - 42), NOW), 0);
});

test('what says nothing is no wait', () => {
  for (const value of [undefined, '', '   ', '-5', 'soon', '2026', 'Soon, maybe', '1e3', '0x10']) {
    assert.equal(parseRetryAfter(value, NOW), value === '2026' ? 2_026_000 : undefined, value);
  }
});

test('no header gives a negative or endless wait', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const wait = parseRetryAfter(value, NOW);
      assert(wait === undefined || (wait >= 0 && Number.isFinite(wait)));
    }),
  );
});
