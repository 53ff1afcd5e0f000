import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Options, RequestError } from 'got';
import { ReleaseSourceError } from '../../../src/errors.ts';
import { explainFailure } from '../../../src/releases/marketplace-errors.ts';

const context = {
  url: new URL('https://acme.atlan.com/api'),
  env: {},
  limits: { timeoutMs: 1_000 },
};

describe('failures without an answer', () => {
  const cases: readonly (readonly [string, string, RegExp, boolean])[] = [
    [
      'ENOTFOUND',
      'getaddrinfo ENOTFOUND acme.atlan.com',
      /DNS knows no host acme\.atlan\.com\. Check the tenant's name in releases\.url\./,
      true,
    ],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN acme.atlan.com', /DNS could not be asked/, true],
    ['ECONNRESET', 'socket hang up', /: socket hang up\. Check releases\.url/, true],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'self-signed certificate in certificate chain',
      /certificate is not trusted \(self-signed .*\)\. .* NODE_EXTRA_CA_CERTS/,
      false,
    ],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get', /certificate is not trusted/, false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'altnames', /certificate is not trusted/, false],
    ['CERT_HAS_EXPIRED', 'certificate has expired', /certificate is not trusted/, false],
  ];
  for (const [code, message, expected, retryable] of cases) {
    test(code, () => {
      const error = new RequestError(message, { code }, new Options());
      assert.throws(
        () => explainFailure(error, context),
        (thrown) => {
          assert.ok(thrown instanceof ReleaseSourceError);
          assert.match(thrown.message, expected);
          assert.equal(thrown.retryable, retryable);
          return true;
        },
      );
    });
  }

  test('what is no failure of the request is a bug, and stays what it is', () => {
    const bug = new TypeError('x is not a function');
    assert.throws(() => explainFailure(bug, context), bug);
  });
});
