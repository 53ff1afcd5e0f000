import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, constantFrom, array, property, string } from 'fast-check';
import { ConfigError } from '../../src/errors.ts';
import { compileGlob, compileGlobs } from '../../src/glob.ts';

test('matches the whole text', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', '', true],
    ['*', 'atlanhq/atlan-app', true],
    ['atlanhq/*', 'atlanhq/a/b', true],
    ['atlanhq/*', 'atlanhq/', true],
    ['atlanhq/*', 'xatlanhq/a', false],
    ['*-app', 'atlan-app', true],
    ['*-app', 'atlan-apps', false],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXcXb', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['teradata', 'Teradata', false],
    ['**', 'x', true],
  ];
  for (const [pattern, text, expected] of cases) {
    assert.equal(compileGlob(pattern)(text), expected, `${pattern} on ${text}`);
  }
});

test('agrees with the regular expression it stands for', () => {
  const texts = array(constantFrom('a', 'b', '/', '.'), { maxLength: 12 }).map((c) => c.join(''));
  const patterns = array(constantFrom('a', 'b', '/', '.', '*', '?'), {
    minLength: 1,
    maxLength: 8,
  }).map((characters) => characters.join(''));
  check(
    property(patterns, texts, (pattern, text) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
      assert.equal(compileGlob(pattern)(text), new RegExp(`^${source}$`).test(text));
    }),
  );
});

test('many stars end', () => {
  assert.equal(compileGlob('*a'.repeat(50))('a'.repeat(2_000) + 'b'), false);
});

test('other languages of patterns are refused, not misunderstood', () => {
  for (const pattern of ['', '{a,b}', '[ab]', '!a', 'a b', '(a)', 'a\\*']) {
    assert.throws(() => compileGlob(pattern), ConfigError, pattern);
  }
});

test('a list matches what any of it matches', () => {
  const glob = compileGlobs(['a*', '*z']);
  assert.deepEqual(['ab', 'yz', 'm'].map(glob), [true, true, false]);
  assert.equal(compileGlobs([])('a'), false);
});

test('every text without special characters matches itself alone', () => {
  check(
    property(string(), string(), (a, b) => {
      if (a === '' || /[*?[\]{}()!\\\s]/.test(a)) return;
      assert.equal(compileGlob(a)(b), a === b);
    }),
  );
});
