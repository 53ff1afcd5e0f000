import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as check, jsonValue, pre, property, string } from 'fast-check';
import { interpolate } from '../../../src/settings/interpolate.ts';

const env = { A: 'a', EMPTY: '', YAML: 'x: [1, 2]\nb: {c}', DOLLAR: '${A}' };

describe('expansion', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['${A}', 'a'],
    ['<${A}-${A}>', '<a-a>'],
    ['${EMPTY}', ''],
    ['${B:-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${A:-default}', 'a'],
    ['${B:-}', ''],
    ['${B:-r.example/{name}:{tag}}', 'r.example/{name}:{tag}'],
    ['${B:-${A}!}', 'a!'],
    ['$${A}', '${A}'],
    ['$${A}${A}', '${A}a'],
    ['$A costs $5', '$A costs $5'],
    ['{name}:{tag}', '{name}:{tag}'],
    // What a variable holds is no expression again.
    ['${DOLLAR}', '${A}'],
    ['${YAML}', 'x: [1, 2]\nb: {c}'],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      const { value, problems } = interpolate({ key: text }, env);
      assert.deepEqual([(value as { key: string }).key, problems], [expected, []]);
    });
  }
});

describe('problems', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['${B}', /the environment variable B is not set/],
    ['${}', /is no expression/],
    ['${a.b}', /is no expression/],
    ['${A-x}', /is no expression/],
    ['${A', /never closed/],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      const { problems } = interpolate({ list: [text] }, env);
      assert.deepEqual(problems[0]?.path, ['list', 0]);
      assert.match(problems[0]?.message ?? '', expected);
    });
  }

  test('every one is told', () => {
    assert.equal(interpolate({ a: '${X}${Y}', b: ['${Z}'] }, {}).problems.length, 3);
  });
});

test('keys are left alone', () => {
  const { value } = interpolate({ '${A}': 1 }, env);
  assert.deepEqual(Object.keys(value as object), ['${A}']);
});

test('a variable gives one text, whatever it holds', () => {
  check(
    property(string({ unit: 'binary' }), (held) => {
      const { value, problems } = interpolate({ a: ['${V}'] }, { V: held });
      assert.deepEqual(JSON.stringify(value), JSON.stringify({ a: [held] }));
      assert.deepEqual(problems, []);
    }),
  );
});

test('nothing changes data without expressions', () => {
  check(
    property(jsonValue(), (data) => {
      pre(!JSON.stringify(data).includes('${'));
      assert.equal(JSON.stringify(interpolate(data, env).value), JSON.stringify(data));
    }),
  );
});
