import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { failure, refusal, type Asked } from '../../../src/registry/failures.ts';
import { CutOffError } from '../../../src/registry/http/body.ts';
import type { Answer } from '../../../src/registry/http/exchange.ts';
import { HostGivenUpError } from '../../../src/registry/http/outages.ts';
import { StalledError } from '../../../src/registry/http/stall.ts';
import { ContentSizeError } from '../../../src/registry/http/pump.ts';

const ASKED: Asked = {
  side: 'target',
  what: 'write the manifest registry.example/acme/app:1',
  registry: 'registry.example',
  credential: { kind: 'anonymous', origin: 'none were found' },
};

function answer(status: number, body = '', headers: Answer['headers'] = {}): Answer {
  const url = new URL('https://registry.example/v2/acme/app/manifests/1');
  return { status, headers, url, body: Buffer.from(body), stream: undefined };
}

function translated(error: unknown): RegistryError {
  const found = failure(error, ASKED);
  assert(found instanceof RegistryError);
  return found;
}

test('every status has its code, and the message says what, where and which', () => {
  const cases: readonly (readonly [number, string])[] = [
    [400, 'REGISTRY_REFUSED'],
    [401, 'REGISTRY_UNAUTHORIZED'],
    [403, 'REGISTRY_UNAUTHORIZED'],
    [404, 'REGISTRY_NOT_FOUND'],
    [405, 'REGISTRY_REFUSED'],
    [429, 'REGISTRY_RATE_LIMITED'],
    [500, 'REGISTRY_UNAVAILABLE'],
    [503, 'REGISTRY_UNAVAILABLE'],
  ];
  for (const [status, code] of cases) {
    const error = refusal(answer(status, '{"errors":[{"code":"A","message":"b"}]}'), ASKED);
    assert.equal(error.code, code);
    assert.equal(error.status, status);
    assert.equal(error.side, 'target');
    assert.equal(error.registryCode, 'A');
    assert(
      error.message.startsWith(
        `could not write the manifest registry.example/acme/app:1: registry.example answered ${status} (A: b)`,
      ),
    );
  }
});

test('a repository that is missing at ECR can be created on the way', () => {
  const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const missing = answer(404, '{"errors":[{"code":"NAME_UNKNOWN"}]}');
  assert.match(
    refusal(missing, { ...ASKED, registry }).message,
    /set createRepositories: true for/,
  );
  assert.match(refusal(missing, ASKED).message, /create it there first/);
});

test('a redirect of a write names the host and nothing that may be signed', () => {
  const location = 'https://other.example/v2/?X-Amz-Signature=precious';
  const error = refusal(answer(301, '', { location }), ASKED);
  assert.match(error.message, /leads to other\.example; name that host instead$/);
});

test('why a connection failed, and what to do', () => {
  const codes: Readonly<Record<string, RegExp>> = {
    ENOTFOUND: /name does not resolve; check its spelling and DNS \(ENOTFOUND\)/,
    ECONNREFUSED: /nothing listens at that address/,
    ETIMEDOUT: /firewall, or HTTPS_PROXY/,
    CERT_HAS_EXPIRED: /certificate has expired/,
    DEPTH_ZERO_SELF_SIGNED_CERT: /signed by itself; give it as ca:/,
    SELF_SIGNED_CERT_IN_CHAIN: /authority unknown here; give that authority as ca:/,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: /authority unknown here/,
    ERR_TLS_CERT_ALTNAME_INVALID: /certificate is for another name/,
    ERR_SSL_WRONG_VERSION_NUMBER: /does not speak TLS.*plainHttp: true/,
    EPROTO: /plainHttp: true/,
    HPE_INVALID_CONSTANT: /check the port and plainHttp/,
    ERR_PROXY_TUNNEL: /NO_PROXY/,
    ESOMETHING: /something odd happened \(ESOMETHING\)/,
  };
  for (const [code, message] of Object.entries(codes)) {
    const error = translated(Object.assign(new Error('something odd happened'), { code }));
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.match(error.message, message);
    assert.match(error.message, /^could not write the manifest .*: registry\.example: /);
  }
  assert.match(
    translated(new StalledError('silent for 60 s')).message,
    /silent for 60 s; run again/,
  );
  assert.equal(translated(new CutOffError('cut off')).code, 'REGISTRY_UNAVAILABLE');
});

test('content that is not as long as its descriptor says is wrong content', () => {
  assert.equal(translated(new ContentSizeError('ended early')).code, 'DIGEST_MISMATCH');
});

test('what says enough already, and what is a bug, passes through', () => {
  const bug = new TypeError('x is not a function');
  const misuse = Object.assign(new TypeError('bad header'), { code: 'ERR_INVALID_CHAR' });
  const config = new ConfigError('mend this');
  const ours = new RegistryError('DIGEST_MISMATCH', 'no', { side: 'source' });
  for (const error of [bug, misuse, config, ours]) assert.equal(failure(error, ASKED), error);
});

test('what signing in failed with learns what it was for, and at which side', () => {
  const cause = new RegistryError('REGISTRY_UNAUTHORIZED', 'signing in failed', { status: 403 });
  const found = translated(cause);
  assert.equal(found.message, `could not ${ASKED.what}: signing in failed`);
  const { code, side, status } = found;
  assert.deepEqual([code, side, status], ['REGISTRY_UNAUTHORIZED', 'target', 403]);
  assert.equal(found.cause, cause);
});

test('an abandoned request is no failure of the registry', () => {
  const reason = new Error('SIGTERM');
  assert.equal(failure(new StalledError('x'), ASKED, AbortSignal.abort(reason)), reason);
});

test('a host that was given up on is told with what it did last, and one thing to do', () => {
  const silent = new StalledError('the connection was silent for 60 s');
  const error = translated(new HostGivenUpError('storage.example', 310_000, silent));
  assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
  assert.equal(
    error.message,
    'could not write the manifest registry.example/acme/app:1: storage.example has been given up on: every request to it has failed for 5 m 10 s; the last time the connection was silent for 60 s. Run again once it answers',
  );
});
