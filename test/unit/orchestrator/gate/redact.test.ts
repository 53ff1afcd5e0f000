import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactor } from '../../../../src/orchestrator/gate/redact.ts';
import { Secret } from '../../../../src/secret.ts';

const VALUE = 's3cret+/"value';

test('a known secret goes, however it is spelled', () => {
  const redact = redactor([new Secret(VALUE), 'not a secret']);
  const spellings = [
    VALUE,
    JSON.stringify(VALUE),
    encodeURIComponent(VALUE),
    Buffer.from(VALUE).toString('base64'),
  ];
  for (const spelling of spellings) {
    const line = redact(`login with ${spelling} failed`);
    assert.match(line, /^login with "?\[secret\]"? failed$/);
  }
  assert.equal(redact('this is not a secret at all'), 'this is not a secret at all');
});

test('every line of a secret of several goes', () => {
  const redact = redactor([new Secret('-----BEGIN KEY-----\nabcdefghijkl\n')]);
  assert.equal(redact('  abcdefghijkl'), '  [secret]');
});

test('what looks like a secret goes, whoever wrote it', () => {
  const redact = redactor([]);
  const lines: readonly (readonly [string, string])[] = [
    ['Authorization: Bearer abcdef123456.7', 'Authorization: Bearer [secret]'],
    ['got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', 'got [secret]'],
    [
      'GET https://user:hunter22@registry.example/v2/',
      'GET https://user:[secret]@registry.example/v2/',
    ],
    ['client_secret=abc123&x=1', 'client_secret=[secret]&x=1'],
    ['{"password":"hunter22"}', '{"password":"[secret]"}'],
  ];
  for (const [line, expected] of lines) assert.equal(redact(line), expected);
});

test('short values stay: they are words of everyday', () => {
  assert.equal(redactor([new Secret('true')])('it is true'), 'it is true');
});
