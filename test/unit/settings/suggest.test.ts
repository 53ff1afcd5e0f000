import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, suggest } from '../../../src/settings/suggest.ts';

const known = ['token', 'tokenFile', 'url', 'include', 'passwordFile', 'existing'];

test('finds the word that was probably meant', () => {
  const cases = {
    tokn: 'token',
    toekn: 'token',
    Token: 'token',
    token_file: 'tokenFile',
    'password-file': 'passwordFile',
    lru: undefined,
    includes: 'include',
    exisitng: 'existing',
    banana: undefined,
    '': undefined,
  };
  for (const [word, expected] of Object.entries(cases)) {
    assert.equal(suggest(word, known), expected, word);
  }
});

test('says so only where there is something to say', () => {
  assert.equal(didYouMean('tokn', known), '; did you mean "token"?');
  assert.equal(didYouMean('banana', known), '');
});

test('a huge word costs little', () => {
  assert.equal(suggest('x'.repeat(1_000_000), known), undefined);
});
