import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { parseReleasesUrl } from '../../../src/releases/releases-url.ts';

describe('allowed', () => {
  const endpoint = '/api/service/marketplace/latest-releases';
  const cases: readonly (readonly [string, string])[] = [
    ['https://acme.atlan.com', `https://acme.atlan.com${endpoint}`],
    ['https://acme.atlan.com/', `https://acme.atlan.com${endpoint}`],
    ['https://gateway.example:8443/atlan/', `https://gateway.example:8443/atlan${endpoint}`],
    [`https://acme.atlan.com${endpoint}`, `https://acme.atlan.com${endpoint}`],
    [`https://acme.atlan.com${endpoint}/`, `https://acme.atlan.com${endpoint}`],
    ['http://127.0.0.1:8080', `http://127.0.0.1:8080${endpoint}`],
    ['http://localhost:8080', `http://localhost:8080${endpoint}`],
    ['http://[::1]:8080', `http://[::1]:8080${endpoint}`],
  ];
  for (const [text, expected] of cases) {
    test(text, () => assert.equal(parseReleasesUrl(text).href, expected));
  }
});

describe('refused', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /is no URL/],
    ['acme.atlan.com', /is no URL; .* It needs https:\/\/ in front\./],
    ['http://acme.atlan.com', /the token would travel in the clear/],
    ['http://127.0.0.1.evil.example', /the token would travel in the clear/],
    ['http://localhost.evil.example', /the token would travel in the clear/],
    ['ftp://acme.atlan.com', /is no https address/],
    ['file:///etc/passwd', /is no https address/],
    ['https://user:hunter2@acme.atlan.com', /user information/],
    ['https://acme.atlan.com@evil.example', /user information/],
    ['https://acme.atlan.com?tenant=x', /goes on after "\?" or "#"/],
    ['https://acme.atlan.com#x', /goes on after "\?" or "#"/],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      assert.throws(
        () => parseReleasesUrl(text),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, expected);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        },
      );
    });
  }
});
