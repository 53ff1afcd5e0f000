import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, oneof, property, string } from 'fast-check';
import { BoundedPattern } from '../../../src/signatures/bounded-pattern.ts';
import { trustIdentity } from '../../../src/signatures/identity.ts';

const HOSTILE = `${'a'.repeat(5000)}!`;

test('a pattern that a text keeps busy for ever is given up on', () => {
  for (const source of ['^(a+)+$', '(a|a)*', '.*.*.*.*.*x', '(?=(a+)+b)a+!']) {
    const pattern = new BoundedPattern(source, { firstMs: 50, nextMs: 60_000 });
    assert.equal(pattern.match(HOSTILE), 'gave-up', source);
    assert.equal(pattern.match(HOSTILE), 'gave-up', 'the same text is not tried again');
    assert.equal(pattern.match('b'), 'no', 'others are');
  }
});

test('a pattern that has been given up on has less time for the next text', () => {
  const pattern = new BoundedPattern('^(a+)+$', { firstMs: 500, nextMs: 1 });
  const start = performance.now();
  for (let text = 0; text < 20; text += 1) pattern.match(HOSTILE + text);
  assert(performance.now() - start < 20 * 500, 'each had the time of the first');
});

test('whom a pattern gave up on is not accepted, and the reason is told', () => {
  const identity = { issuer: 'https://issuer.example', extensions: {} };
  const trusted = trustIdentity({ subjectPattern: '^(a+)+$', issuerPattern: 'https://.*' });
  const [difference, ...others] = trusted.differences({ ...identity, subject: HOSTILE });
  assert.match(
    difference ?? '',
    /^the subject is "a+.*, which subjectPattern was not done with in time: write it without/,
  );
  assert.deepEqual(others, []);
  const fresh = trustIdentity({ subjectPattern: '^(a+)+$', issuerPattern: 'https://.*' });
  assert.deepEqual(fresh.differences({ ...identity, subject: 'aaa' }), []);
  assert.deepEqual(fresh.differences({ ...identity, subject: 'b' }), ['the subject is "b"']);
});

test('a pattern matches what JavaScript says it matches, whatever pattern and text hold', () => {
  const piece = constantFrom(
    ' ',
    '\n',
    ...'a b . \\. \\/ [^/]+ .+ a* (a|b) (?:b)? \\p{L} ^ $ " \' ` ${a} \u2028 \0 😀 \ud83d </script> */'.split(
      ' ',
    ),
  );
  const pieces = array(piece, { maxLength: 5 }).map((each) => each.join(''));
  check(
    property(pieces.filter(isPattern), oneof(pieces, string()), (source, text) => {
      const expected = new RegExp(`^(?:${source})$`, 'u').test(text);
      assert.equal(new BoundedPattern(source).match(text), expected ? 'yes' : 'no');
    }),
    { numRuns: 500 },
  );
});

function isPattern(source: string): boolean {
  try {
    return RegExp(source, 'u') !== undefined;
  } catch {
    return false;
  }
}
