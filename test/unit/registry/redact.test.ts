import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSent, type SentRequest } from '../../../src/registry/redact.ts';

const URL_PLAIN = new URL('https://registry.example/v2/');

function cleaned(text: string, sent: Partial<SentRequest>): string {
  return withoutSent(Buffer.from(text), { headers: {}, url: URL_PLAIN, ...sent }).toString();
}

function basic(user: string, password: string): Pick<SentRequest, 'headers'> {
  const credential = Buffer.from(`${user}:${password}`).toString('base64');
  return { headers: { authorization: `Basic ${credential}` } };
}

test('a password is taken out in every shape it may be repeated in, the user is not', () => {
  const password = 'p:ä"ss/word+';
  const { headers } = basic('ci', password);
  for (const shape of [
    password,
    JSON.stringify(password).slice(1, -1),
    encodeURIComponent(password),
    headers['authorization']?.slice('Basic '.length) ?? '',
    headers['authorization']?.slice('Basic '.length).replace(/=+$/, '') ?? '',
  ]) {
    const text = cleaned(`user ci sent ${shape}.`, { headers });
    assert.match(text, /^user ci sent \[secret\]=*\.$/, shape);
  }
});

test('a bearer token is taken out', () => {
  const headers = { authorization: 'Bearer ey.a.b' };
  assert.equal(cleaned('bad token ey.a.b', { headers }), 'bad token [secret]');
});

test('the signature of an address is taken out, what the API itself asks for is not', () => {
  const url = new URL(
    'https://cdn.example/x?sig=s3cr%2Fet&digest=sha256:abc&scope=repository:a:pull',
  );
  assert.equal(
    cleaned('s3cr/et s3cr%2Fet sha256:abc repository:a:pull', { url }),
    '[secret] [secret] sha256:abc repository:a:pull',
  );
});

test('a refresh token that was sent as a form is taken out', () => {
  const body = Buffer.from('grant_type=refresh_token&refresh_token=r%2Ft-1&client_id=sdr');
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal(cleaned('r/t-1 of sdr', { headers, body }), '[secret] of sdr');
});

test('what holds no secret comes back as it is, bytes that are no text too', () => {
  const body = Buffer.from([0xff, 0xfe, 0x00]);
  assert.equal(withoutSent(body, { ...basic('ci', 'password'), url: URL_PLAIN }), body);
});

test('a password too short to be one does not spoil every word', () => {
  assert.equal(cleaned('a banana', basic('ci', 'a')), 'a banana');
});
