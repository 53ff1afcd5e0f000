import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { inAscii } from '../../../scripts/build/ascii.ts';

test('a program in ASCII means what it meant', () => {
  const program = [
    'const größe = { "→": "– ✔", more: `… ${1 + 1} 😀` };',
    '[größe, /[✔–]/.exec("a–b").index, /^[😀]$/u.test("😀"), "😀".length]',
  ].join('\n');
  const ascii = inAscii(program);
  assert.doesNotMatch(ascii, /[^\0-\x7f]/);
  const meant = '[{"→":"– ✔","more":"… 2 😀"},1,true,2]';
  assert.equal(JSON.stringify(runInNewContext(program)), meant);
  assert.equal(JSON.stringify(runInNewContext(ascii)), meant);
});

test('what gives its source as it stands is refused', () => {
  assert.throws(() => inAscii('String.raw`a–b`'), /String\.raw/);
  assert.equal(inAscii('String.raw`a-b`; "–"'), String.raw`String.raw${'`a-b`'}; "\u2013"`);
});
