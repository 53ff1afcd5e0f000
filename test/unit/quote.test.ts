import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { quote } from '../../src/quote.ts';

test('quotes, cuts and escapes', () => {
  assert.equal(quote('a "b"'), '"a \\"b\\""');
  assert.equal(quote('abcdef', 3), '"abc…"');
  assert.equal(quote('a\nb\u{1b}[31m\u{7f}\u{9b}'), '"a\\nb\\u001b[31m\\u007f\\u009b"');
  // Marks that would turn the direction of what follows.
  assert.equal(quote('\u{202e}evil\u{2066}'), '"\\u202eevil\\u2066"');
  assert.equal(quote('é 漢'), '"é 漢"');
});

test('nothing unprintable is left, and nothing is lost', () => {
  check(
    property(string({ unit: 'binary' }), (text) => {
      const quoted = quote(text, 1_000);
      assert.doesNotMatch(quoted, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.equal(JSON.parse(quoted), text);
    }),
  );
});
