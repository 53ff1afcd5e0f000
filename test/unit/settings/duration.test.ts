import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError } from '../../../src/errors.ts';
import { parseDuration } from '../../../src/settings/duration.ts';

test('units add up', () => {
  const written = ['0', '90s', '30m', '1h', '7d', '1h30m', '1d1d'];
  assert.deepEqual(written.map(parseDuration), [0, 90, 1800, 3600, 604_800, 5400, 172_800]);
});

test('any text is a number of seconds that counts, or refused', () => {
  const part = fc
    .tuple(fc.nat(), fc.constantFrom('s', 'm', 'h', 'd', 'x', ''))
    .map(([n, unit]) => `${n}${unit}`);
  const texts = fc.oneof(
    fc.string(),
    fc.array(part).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        assert.ok(Number.isSafeInteger(parseDuration(text)));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
  );
  for (const text of [`${'9'.repeat(400)}s`, '999999d', '1', '', '-1s', '1.5h', '1H']) {
    assert.throws(() => parseDuration(text), ConfigError, text);
  }
});
