import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { nestingProblem } from '../../src/yaml-nesting.ts';

test('as deep as people nest is no problem, deeper is', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{a: ', '}'],
    ['- ', ''],
    ['? ', ''],
    ['[\n', ']\n'],
  ] as const) {
    const nested = (depth: number): string => `${open.repeat(depth)}x${close.repeat(depth)}`;
    assert.equal(nestingProblem(nested(64)), undefined, open);
    assert.equal(nestingProblem(nested(65)), 'it is nested deeper than 64', open);
  }
});

test('brackets and dashes in texts and comments nest nothing', () => {
  const marks = '[ { - ? '.repeat(100);
  for (const text of [
    `# ${marks}\na: 1\n`,
    `a: "${marks}"\n`,
    `a: '${marks}'\n`,
    `a: |\n  ${marks}\n  ${marks}\n`,
    `a: x ${marks}\n`,
    '- x\n'.repeat(1000),
    '- [1, 2]\n'.repeat(1000),
  ]) {
    assert.equal(nestingProblem(text), undefined, text.slice(0, 20));
  }
});

test('what is not refused is as deep as it says', () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'large', withCrossShrink: true },
      fc.constantFrom('x', '[', '- -', 1, null),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', '? b', '{'), tie('value'), { maxKeys: 2 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.boolean(), (data, isFlow) => {
      const text = isFlow ? JSON.stringify(data) : stringify(data);
      assert.equal(nestingProblem(text), undefined);
      assert.deepEqual(parseDocument(text).errors, []);
    }),
    { numRuns: 50 },
  );
});

test('any text is judged, however long', () => {
  const token = fc.constantFrom(...'[ ] { } , : - ? & * ! | > # a "'.split(' '), ' ', '\n', "'");
  fc.assert(
    fc.property(fc.array(token, { maxLength: 200, size: 'max' }), (tokens) => {
      const problem = nestingProblem(tokens.join(''));
      assert.ok(problem === undefined || problem.startsWith('it is nested'));
    }),
  );
  assert.ok(nestingProblem('['.repeat(2_000_000)));
  assert.ok(nestingProblem('- '.repeat(1_000_000)));
});
