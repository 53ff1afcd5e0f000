import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRate } from '../../../src/settings/rate.ts';

test('bytes a second, in the units that people use', () => {
  const rates: Readonly<Record<string, number>> = {
    '50MB/s': 50_000_000,
    '1.5 MiB/s': 1_572_864,
    '100kB/s': 100_000,
    '512KiB/s': 524_288,
    '1GB/s': 1_000_000_000,
    '2GiB/s': 2_147_483_648,
    '400Mbit/s': 50_000_000,
    '1000kbit/s': 125_000,
    '10Gbit/s': 1_250_000_000,
  };
  for (const [text, bytes] of Object.entries(rates)) assert.equal(parseRate(text), bytes, text);
});

test('what could be meant in two ways is refused', () => {
  // Mb and mb: bits or bytes?
  for (const text of [
    '50Mb/s',
    '50mb/s',
    '50MB',
    '50',
    '50/s',
    '-1MB/s',
    '1,5MB/s',
    'MB/s',
    '1toString/s',
    `${'9'.repeat(400)}MB/s`,
  ]) {
    assert.throws(() => parseRate(text), /^ConfigError: is not a rate: .*like 50MB\/s/, text);
  }
});

test('what would starve every transfer is refused', () => {
  for (const text of ['0MB/s', '99kB/s', '0.5kbit/s']) {
    assert.throws(() => parseRate(text), /is less than 100kB\/s/, text);
  }
});
