import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownTokens } from '../../../../src/orchestrator/temporal/shown-tokens.ts';
import { Secret } from '../../../../src/secret.ts';

const token = (value: string) => ({ value: new Secret(value), refreshAt: Infinity });

test('what Temporal repeats of a token is not told, of an older one neither', () => {
  const shown = new ShownTokens(token('opaque-first'));
  shown.add(token('opaque-second'));
  const error = Object.assign(new Error('16: no'), {
    details: 'neither opaque-first nor opaque-second',
  });
  assert.equal(shown.words(error), 'neither [secret] nor [secret]');
  assert.equal(shown.words(new Error('after opaque-second')), 'after [secret]');
});

test('without a token the words are what they are', () => {
  assert.equal(new ShownTokens(undefined).words(new Error('away')), 'away');
});
