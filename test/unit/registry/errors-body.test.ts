import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseErrorsBody } from '../../../src/registry/errors-body.ts';

function parse(value: unknown): ReturnType<typeof parseErrorsBody> {
  return parseErrorsBody(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

test('codes and messages of the Distribution API', () => {
  const errors = [
    { code: 'manifest_unknown', message: 'manifest unknown', detail: { Tag: '1' } },
    { code: 'DENIED' },
    { message: 'no code' },
  ];
  assert.deepEqual(parse({ errors }), {
    codes: ['MANIFEST_UNKNOWN', 'DENIED'],
    text: 'manifest_unknown: manifest unknown; DENIED; no code',
    isJson: true,
  });
});

test('the words of token services and clouds', () => {
  assert.equal(
    parse({ error: 'invalid_grant', error_description: 'expired' }).text,
    'invalid_grant: expired',
  );
  assert.equal(
    parse({ details: 'incorrect username or password' }).text,
    'incorrect username or password',
  );
  assert.equal(parse({ message: 'Rate exceeded' }).text, 'Rate exceeded');
});

test('plain text is shown, a web page is not', () => {
  assert.equal(parse('404 page not found\n').text, '404 page not found');
  assert.equal(parse(' <!DOCTYPE html><html>…').text, '');
  assert.equal(parse('<html>').isJson, false);
});

test('what is shown is one line, short, without control characters', () => {
  const nasty = 'a\u001b[31mred\r\nERROR forged\u0000\u202e\u2028end';
  assert.equal(parse({ message: nasty }).text, 'a [31mred ERROR forged end');
  assert.equal(parse({ message: 'x'.repeat(1000) }).text.length, 301);
  const many = Array.from({ length: 50 }, (_, index) => ({ code: `E${index}` }));
  assert.deepEqual(parse({ errors: many }).codes, ['E0', 'E1', 'E2', 'E3', 'E4']);
});

test('no body breaks it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const { codes, text: shown } = parse(text);
      assert(codes.every((code) => typeof code === 'string'));
      assert(shown.length <= 301);
      assert.doesNotMatch(shown, /\p{Cc}/u);
    }),
  );
  assert.deepEqual(parseErrorsBody(Buffer.from([0xff, 0xfe])).codes, []);
});
