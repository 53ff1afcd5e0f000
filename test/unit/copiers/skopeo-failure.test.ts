import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { skopeoFailure } from '../../../src/copiers/skopeo-failure.ts';

const DIGEST = 'sha256:7ae02a911c65ccde7b8e9a7cd27d3bdc351e89cac268dd101aa2de8a9ce3faa2';

/** Said by skopeo 1.9.3. */
const SAID: readonly (readonly [string, string, string])[] = [
  [
    `initializing source docker://src.example/app@${DIGEST}: reading manifest ${DIGEST} in src.example/app: unauthorized`,
    'REGISTRY_UNAUTHORIZED',
    'source',
  ],
  [
    `initializing source docker://src.example/app@${DIGEST}: unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password`,
    'REGISTRY_UNAUTHORIZED',
    'source',
  ],
  [
    `trying to reuse blob ${DIGEST} at destination: checking whether a blob ${DIGEST} exists in dst.example/app: unauthorized: authentication required`,
    'REGISTRY_UNAUTHORIZED',
    'target',
  ],
  [
    'writing blob: initiating layer upload to /v2/dst/blobs/uploads/ in dst.example: denied',
    'REGISTRY_UNAUTHORIZED',
    'target',
  ],
  [
    `initializing source docker://src.example/app@${DIGEST}: reading manifest ${DIGEST} in src.example/app: manifest unknown: no such manifest`,
    'REGISTRY_NOT_FOUND',
    'source',
  ],
  [
    `reading blob ${DIGEST}: Error fetching blob: invalid status code from registry 404 (Not Found)`,
    'REGISTRY_NOT_FOUND',
    'source',
  ],
  [
    `initializing source docker://127.0.0.1:1/app@${DIGEST}: pinging container registry 127.0.0.1:1: Get \\"http://127.0.0.1:1/v2/\\": dial tcp 127.0.0.1:1: connect: connection refused`,
    'REGISTRY_UNAVAILABLE',
    'source',
  ],
  [
    `trying to reuse blob ${DIGEST} at destination: pinging container registry 127.0.0.1:404: Get \\"https://127.0.0.1:404/v2/\\": http: server gave HTTP response to HTTPS client`,
    'REGISTRY_UNAVAILABLE',
    'target',
  ],
  [
    `reading blob ${DIGEST}: Error fetching blob: invalid status code from registry 500 (Internal Server Error)`,
    'REGISTRY_UNAVAILABLE',
    'source',
  ],
  [
    'writing blob: uploading layer to http://dst.example/v2/app/blobs/uploads/1?_state=300340%2B: received unexpected HTTP status: 500 Internal Server Error',
    'REGISTRY_UNAVAILABLE',
    'target',
  ],
  [
    `writing manifest: uploading manifest ${DIGEST} to dst.example/app: toomanyrequests: slow`,
    'REGISTRY_RATE_LIMITED',
    'target',
  ],
  [
    `writing blob: Patch \\"http://dst.example/v2/\\": Digest did not match, expected ${DIGEST}, got sha256:00`,
    'DIGEST_MISMATCH',
    'source',
  ],
  ['copying image 1/4 from manifest list: Manifest list must be converted', 'REGISTRY_REFUSED', ''],
];

describe('what skopeo said becomes an error with code and side', () => {
  for (const [said, code, side] of SAID) {
    test(`${code} ${side}: ${said.slice(0, 70)}`, () => {
      const stderr = `time="2025-01-01T00:00:00Z" level=warning msg="a word before"\ntime="2025-01-01T00:00:00Z" level=fatal msg="${said}"\n`;
      const error = skopeoFailure(stderr, 'copy a to b', []);
      assert(error instanceof RegistryError);
      assert.deepEqual([error.code, error.side ?? ''], [code, side]);
      assert.match(error.message, /^skopeo could not copy a to b/);
    });
  }
});

test('a missing signature policy is a matter of configuration', () => {
  const stderr =
    'level=fatal msg="Error loading trust policy: open /etc/containers/policy.json: no such file or directory"';
  const error = skopeoFailure(stderr, 'copy a to b', []);
  assert(error instanceof ConfigError);
  assert.match(error.message, /containers-common/);
});

test('secrets are not repeated, nor what a signed address carries', () => {
  const stderr =
    'level=fatal msg="reading blob: Get \\"https://ann:hunter2@cdn.example/x?X-Amz-Signature=abc\\": Bearer eyJhbGci.x.y refused, password was s3cret/+"';
  const { message } = skopeoFailure(stderr, 'copy a to b', ['s3cret/+', '']);
  for (const secret of ['hunter2', 'abc', 'eyJhbGci', 's3cret']) {
    assert(!message.includes(secret), message);
  }
});

test('silence is said to be silence', () => {
  assert.match(skopeoFailure('', 'copy a to b', []).message, /it said nothing/);
});
