import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigDocument } from '../../../src/settings/document.ts';

const place = (line: number, column: number): object => ({ file: 'f', line, column });

test('keys and values have places; what is not written has that of what is above it', () => {
  const document = parseConfigDocument('a:\n  b: [x, {c: y}]\n', 'f');
  assert.deepEqual(document.locate(['a', 'b'], 'key'), place(2, 3));
  assert.deepEqual(document.locate(['a', 'b'], 'value'), place(2, 6));
  assert.deepEqual(document.locate(['a', 'b', 1, 'c'], 'value'), place(2, 14));
  assert.deepEqual(document.locate(['a', 'z', 'y'], 'key'), place(1, 1));
  assert.deepEqual(document.locate(['a', 'b', 7], 'value'), place(2, 3));
  assert.deepEqual(document.locate([], 'value'), place(1, 1));
  assert.equal(document.has(['a', 'b', 1, 'c']), true);
  assert.equal(document.has(['a', 'z']), false);
});

test('places lead through aliases', () => {
  const document = parseConfigDocument('x: &x {c: y}\na: *x\n', 'f');
  assert.deepEqual(document.locate(['a'], 'value'), place(2, 4));
  assert.deepEqual(document.locate(['a', 'c'], 'value'), place(1, 11));
  assert.equal(JSON.stringify(document.value), '{"x":{"c":"y"},"a":{"c":"y"}}');
});

test('a syntax error has its line, and no value', () => {
  const document = parseConfigDocument('a: [1\nb: 2\n', 'f');
  assert.equal(document.value, undefined);
  assert.equal(document.issues[0]?.line, 2);
  assert.match(document.issues[0]?.message ?? '', /^this is not YAML: /);
});

test('an unquoted expression in braces gets the hint that it needs quotes', () => {
  const { issues } = parseConfigDocument('a: { b: ${C} }\n', 'f');
  assert.equal(issues.length, 1);
  assert.match(issues[0]?.message ?? '', /an expression needs quotes: "\$\{NAME\}"$/);
});

test('a key written twice is told; the rest is still judged', () => {
  const { value, issues } = parseConfigDocument('a: 1\na: 2\n', 'f');
  assert.notEqual(value, undefined);
  assert.deepEqual(
    issues.map(({ line }) => line),
    [2],
  );
});

test('a second document and unknown tags are errors', () => {
  assert.equal(parseConfigDocument('a: 1\n---\nb: 2\n', 'f').issues.length, 1);
  assert.equal(parseConfigDocument('a: !secret x\n', 'f').issues.length, 1);
});

test('an alias that contains itself ends', () => {
  const { issues } = parseConfigDocument('a: &a\n  b: *a\n', 'f');
  assert.match(issues[0]?.message ?? '', /contains itself/);
});

test('aliases cannot multiply without bounds', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level <= 9; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  const { issues } = parseConfigDocument(lines.join('\n'), 'f');
  assert.match(issues[0]?.message ?? '', /more than 10000 values/);
});

test('no key reaches a prototype', () => {
  const { value } = parseConfigDocument('__proto__: { polluted: true }\n', 'f');
  assert.deepEqual(Object.keys(value as object), ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a text made to be deep is told as such, and keeps nobody busy', () => {
  const aliases = Array.from(
    { length: 55 },
    (_, level) => `a${level + 1}: &a${level + 1} [*a${level}]`,
  );
  for (const text of ['['.repeat(100_000), '- '.repeat(100_000), 'a: {b: '.repeat(10_000)]) {
    const document = parseConfigDocument(text, 'f');
    assert.match(document.issues[0]?.message ?? '', /nested deeper than 64/);
    assert.equal(document.value, undefined);
    assert.equal(document.has(['a']), false);
    assert.deepEqual(document.locate(['a', 'b'], 'value'), { file: 'f', line: 1, column: 1 });
  }
  const { issues } = parseConfigDocument(['a0: &a0 1', ...aliases].join('\n'), 'f');
  assert.match(issues[0]?.message ?? '', /nested deeper than 50/);
});

test('a list as a key is no setting', () => {
  const { value } = parseConfigDocument(`${'? '.repeat(60)}x\n`, 'f');
  assert.deepEqual(Object.keys(value as object), ['?']);
});

test('a byte order mark is no part of the first key', () => {
  const { value, issues } = parseConfigDocument('\u{feff}a: 1\nb: 2\n', 'f');
  assert.deepEqual([Object.keys(value as object), issues], [['a', 'b'], []]);
});

test('an empty file is an empty configuration', () => {
  assert.equal(parseConfigDocument('', 'f').value, null);
  assert.equal(parseConfigDocument('# nothing\n', 'f').value, null);
});

test('what most likely happened is said in words', () => {
  const cases = {
    'a: @b': /a value that starts with this character needs quotes/,
    'a: !b': /a value that starts with "!" needs quotes/,
    'a: *b': /a text that starts with "\*" needs quotes/,
    'a: "\\q"': /a backslash needs another one before it/,
    'a: {name}:{tag}': /A text that starts with "\{" needs quotes/,
    'a: 1\na: 2': /stands here twice/,
    'a:\n\tb: 1': /Tabs are not allowed as indentation/,
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.match(parseConfigDocument(text, 'f').issues[0]?.message ?? '', expected, text);
  }
});
