import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictJson } from '../../../src/registry/strict-json.ts';

function parse(text: string): unknown {
  return parseStrictJson(Buffer.from(text));
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

test('what every reader understands alike is read as JSON.parse reads it', () => {
  const layout = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), layout, (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      assert.deepEqual(parse(text), JSON.parse(text));
    }),
    { numRuns: 200 },
  );
  const names = parse(String.raw`{"a":["a","a",{"a":"a"}],"\\":"\"","b\\\"":1,"__proto__":[]}`);
  assert.deepEqual(Object.keys(names as object), ['a', '\\', 'b\\"', '__proto__']);
});

test('a name that stands twice in one object is refused, however it is written', () => {
  for (const text of [
    '{"layers":[],"layers":[]}',
    '{"a":1,"b":[{"c":1}],"a":2}',
    '[[{"x":{"a":[]},"y":[],"x":1}]]',
    String.raw`{"manifests":1,"manif\u0065sts":2}`,
    String.raw`{"a\"":1,"a\u0022":2}`,
    '{"":1 , "" : 2}',
  ]) {
    assert.throws(() => parse(text), /^Error: it has a name twice in one object$/, text);
  }
});

test('what readers differ about is refused', () => {
  assert.throws(() => parse('\u{feff}{}'), /^Error: it is not JSON$/);
  assert.throws(() => parseStrictJson(Buffer.from('7b2261223a22ff227d', 'hex')), /not UTF-8/);
  // A surrogate by itself, and a character written longer than need be.
  assert.throws(() => parseStrictJson(Buffer.from('22eda08022', 'hex')), /not UTF-8/);
  assert.throws(() => parseStrictJson(Buffer.from('22c0af22', 'hex')), /not UTF-8/);
});

test('nesting has an end, and is no matter of the stack', () => {
  assert.ok(parse(nested(100)));
  assert.ok(parse(`{"brackets":"${'[{'.repeat(200)}"}`));
  assert.throws(() => parse(nested(101)), /nested deeper than 100/);
  assert.throws(() => parse(nested(200_000)), /nested deeper than 100/);
  assert.throws(() => parse('{"a":'.repeat(101) + '1' + '}'.repeat(101)), /nested deeper than 100/);
});

test('any text is a value or one error that repeats nothing of it', () => {
  const token = fc.constantFrom(...'{ } [ ] , : "a" "b" "\\" \\ " 1 null'.split(' '));
  const text = fc.oneof(
    fc.string(),
    fc.array(token, { maxLength: 20 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (written) => {
      try {
        assert.deepEqual(parse(written), JSON.parse(written));
      } catch (error) {
        assert.match(String(error), /^Error: it (?:is not JSON|has a name twice in one object)$/);
      }
    }),
    { numRuns: 500 },
  );
});
