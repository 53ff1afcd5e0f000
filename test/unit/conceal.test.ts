import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { assert as check, constantFrom, property, string } from 'fast-check';
import { conceal } from '../../src/conceal.ts';
import { Secret } from '../../src/secret.ts';

test('a secret shows itself to nobody who does not ask for it', () => {
  const secret = new Secret('hunter2');
  const shown = [String(secret), JSON.stringify({ secret }), inspect(secret)];
  assert.doesNotMatch(shown.join(), /hunter2/);
  assert.equal(secret.reveal(), 'hunter2');
});

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** How services repeat what they were sent. */
const REPEATED: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  json: (value) => JSON.stringify({ sent: value }),
  url: (value) => `/?token=${encodeURIComponent(value)}`,
  'url in lower case': (value) =>
    encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  form: (value) => new URLSearchParams({ a: 'b', secret: value }).toString(),
  html,
  'json in html': (value) => html(JSON.stringify({ sent: value })),
  base64: (value) => Buffer.from(value).toString('base64'),
  'base64 in the alphabet of URLs': (value) => Buffer.from(value).toString('base64url'),
};

for (const [name, repeat] of Object.entries(REPEATED)) {
  test(`what is repeated as ${name} is concealed`, () => {
    check(
      property(string({ unit: 'grapheme', minLength: 12, maxLength: 60 }), (value) => {
        const text = `you sent ${repeat(value)}.`;
        const left = conceal(text, [value]);
        assert.ok(!left.includes(repeat(value)) && left.includes('[secret]'), left);
      }),
    );
  });
}

test('a password is concealed within base64, whoever the user is and whatever follows', () => {
  const user = constantFrom('', 'a', 'ci', 'bot', 'robot$ci', '<token>');
  const password = string({ unit: 'binary-ascii', minLength: 12, maxLength: 40 });
  check(
    property(user, password, string({ maxLength: 5 }), (name, secret, rest) => {
      const header = Buffer.from(`${name}:${secret}${rest}`).toString('base64');
      const left = conceal(`Basic ${header}`, [secret]);
      // No more than the characters at its ends can be told from what is left of the header.
      const known = Buffer.from(left.slice('Basic '.length).split('[secret]')[0] ?? '', 'base64');
      assert.ok(known.byteLength <= name.length + 3, left);
    }),
  );
});

test('of several secrets the one that holds another is concealed whole', () => {
  assert.equal(conceal('a-secret-of-two', ['secret', 'a-secret-of-two']), '[secret]');
});

test('no values, or empty ones, leave a text alone', () => {
  assert.equal(conceal('as it was', ['']), 'as it was');
  assert.equal(conceal('as it was', []), 'as it was');
});
