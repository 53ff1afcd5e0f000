import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenLifetime } from '../../../../src/orchestrator/temporal/token-lifetime.ts';
import { jwt } from '../../../support/temporal/jwt.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const iat = NOW / SECOND;

test('a token of fifteen minutes is renewed after five', () => {
  const { expiresAt, refreshAt } = tokenLifetime(jwt({ iat, exp: iat + 900 }), undefined, NOW);
  assert.equal(expiresAt - NOW, 15 * MINUTE);
  assert.equal(refreshAt - NOW, 5 * MINUTE);
});

test('a short one is renewed at half its life, and none sooner than after half a minute', () => {
  for (const [seconds, wait] of [
    [120, MINUTE],
    [20, 30 * SECOND],
  ] as const) {
    const token = jwt({ iat, exp: iat + seconds });
    assert.equal(tokenLifetime(token, undefined, NOW).refreshAt - NOW, wait);
  }
});

test('a local clock that is an hour off changes nothing', () => {
  for (const offset of [-3_600, 3_600]) {
    const token = jwt({ iat: iat + offset, exp: iat + offset + 900 });
    assert.equal(tokenLifetime(token, 30, NOW).expiresAt - NOW, 15 * MINUTE);
  }
});

test('without iat the local clock is believed', () => {
  assert.equal(tokenLifetime(jwt({ exp: iat + 600 }), 30, NOW).expiresAt - NOW, 10 * MINUTE);
});

test('a token that is no JWT lives as long as the answer says, or five minutes', () => {
  for (const opaque of ['opaque', 'a.b.c', `x.${Buffer.from('null').toString('base64url')}.y`]) {
    assert.equal(tokenLifetime(opaque, 600, NOW).expiresAt - NOW, 10 * MINUTE);
    assert.equal(tokenLifetime(opaque, '600', NOW).expiresAt - NOW, 5 * MINUTE);
    assert.equal(tokenLifetime(opaque, undefined, NOW).expiresAt - NOW, 5 * MINUTE);
  }
});

test('a token that has expired when it is made is expired', () => {
  assert.equal(tokenLifetime(jwt({ iat, exp: iat - 5 }), undefined, NOW).expiresAt, NOW);
});
