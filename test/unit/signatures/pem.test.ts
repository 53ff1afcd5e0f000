import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePem, parsePemCertificate } from '../../../src/signatures/pem.ts';

const BODY = 'MAA=';

function block(label: string, body: string = BODY, end: string = label): string {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${end}-----\n`;
}

test('one block is read, with whatever line ends', () => {
  for (const text of [block('PUBLIC KEY'), block('PUBLIC KEY').replaceAll('\n', '\r\n')]) {
    const { label, der } = parsePem(text, 'x');
    assert.deepEqual([label, der.toString('base64')], ['PUBLIC KEY', BODY]);
  }
  assert.equal(parsePemCertificate(block('CERTIFICATE', 'M\n AA='), 'x').length, 2);
});

test('anything else is refused', () => {
  const texts: readonly (readonly [string, RegExp])[] = [
    ['', /not one PEM block/],
    [BODY, /not one PEM block/],
    [block('A', BODY, 'B'), /not one PEM block/],
    [block('A').replace('-----END A-----', ''), /not one PEM block/],
    [`text before\n${block('A')}`, /not one PEM block/],
    [`${block('A')}text after`, /not one PEM block/],
    [block('A') + block('A'), /not base64/],
    [block('A', 'M*A='), /not base64/],
    [block('A', 'MAB='), /not base64/],
  ];
  for (const [text, says] of texts) assert.throws(() => parsePem(text, 'x'), says, text);
});

test('a certificate is no key', () => {
  assert.throws(() => parsePemCertificate(block('PUBLIC KEY'), 'x'), /not a certificate/);
});

test('a long text of nothing takes no time', () => {
  const text = `-----BEGIN A-----${' '.repeat(4_000_000)}`;
  const before = performance.now();
  assert.throws(() => parsePem(text, 'x'), /not one PEM block/);
  assert.ok(performance.now() - before < 1000);
});
