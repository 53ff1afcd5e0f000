import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatDuration, plural, printable } from '../../../src/cli/output/format.ts';

test('bytes are counted in decimal units, with one digit where it tells something', () => {
  const shown = [0, 999, 1000, 1234, 99_949, 99_960, 999_600, 84_200_000, 55e9].map(formatBytes);
  assert.deepEqual(shown, [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '99.9 kB',
    '100 kB',
    '1.0 MB',
    '84.2 MB',
    '55.0 GB',
  ]);
});

test('durations keep to two units', () => {
  const shown = [0, 412, 9940, 9960, 59_400, 59_600, 185_000, 3_720_000].map(formatDuration);
  assert.deepEqual(shown, [
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 m 00 s',
    '3 m 05 s',
    '1 h 02 m',
  ]);
});

test('one is singular', () => {
  assert.deepEqual(
    [0, 1, 2].map((n) => plural(n, 'image')),
    ['0 images', '1 image', '2 images'],
  );
});

test('foreign text can neither move the cursor nor forge a line', () => {
  assert.equal(printable('a\u001b[2Kb\r\nc\u202ed'), 'a\\u001b[2Kb\\u000d c\\u202ed');
});
