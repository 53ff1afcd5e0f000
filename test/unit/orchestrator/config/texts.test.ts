import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePublishedPort } from '../../../../src/orchestrator/config/schema/ports.ts';
import {
  canonicalPrefix,
  checkAddress,
  checkBase,
  checkDeploymentName,
  checkDomain,
  checkMapKey,
  checkSecureUrl,
  checkUrlPath,
  parseSize,
} from '../../../../src/orchestrator/config/schema/texts.ts';
import { ConfigError } from '../../../../src/errors.ts';

function table(
  check: (text: string) => unknown,
  { good, bad }: { readonly good: readonly string[]; readonly bad: readonly string[] },
): void {
  for (const text of good) assert.doesNotThrow(() => check(text), text);
  for (const text of bad) assert.throws(() => check(text), ConfigError, text);
  try {
    check('hunter\0');
  } catch (error) {
    assert.doesNotMatch(String(error), /hunter/);
  }
}

describe('checks of texts take what is right, and refuse the rest without repeating it', () => {
  const cases: readonly (readonly [
    string,
    (text: string) => unknown,
    readonly string[],
    readonly string[],
  ])[] = [
    [
      'deployment',
      checkDeploymentName,
      ['prod', 'Prod_eu-1', '7', 'a'.repeat(63)],
      ['prod.eu', '-a', 'a b', 'prod.green', 'a'.repeat(64), 'a/b', 'ä'],
    ],
    [
      'domain',
      checkDomain,
      ['acme.atlan.com', 'localhost', '127.0.0.1:8080', '[::1]:8080', 'a-b.c'],
      ['https://acme.atlan.com', 'acme.atlan.com/', 'user@host', 'a b', 'a?b', 'a:x'],
    ],
    [
      'address',
      checkAddress,
      ['acme-temporal.atlan.com:443', '127.0.0.1:7233', '[::1]:7233'],
      ['acme-temporal.atlan.com', 'https://x:443', 'host:99999', ':443'],
    ],
    [
      'base',
      checkBase,
      [
        'registry.mycompany.com/atlan',
        'localhost:5000',
        'localhost/x',
        'docker.io/acme',
        'r.example/',
      ],
      ['atlan', 'atlan/x', 'https://r.example', 'r.example/a:1', 'r.example/A', 'r.example/a b'],
    ],
    ['key of the map', checkMapKey, ['sdr/image-map.yaml', '/x'], ['s3://bucket/x']],
    ['path of a URL', checkUrlPath, ['/', '/server/health?a=b'], ['server', '/a b', '/#x']],
    [
      'URL that a token is sent to',
      checkSecureUrl,
      ['https://acme.atlan.com/x', 'http://127.0.0.1:1/x', 'http://localhost', 'http://[::1]:8'],
      ['http://acme.atlan.com', 'acme.atlan.com', 'https://u:p@acme.atlan.com', 'ftp://x'],
    ],
    [
      'port',
      parsePublishedPort,
      ['8000:8000', '127.0.0.1:1:65535/udp', '[::1]:1:1/tcp'],
      ['8000', '0:1', '1:65536', 'host.example:1:1', '1:1/sctp', '1:2:3:4', '8000-8001:1'],
    ],
  ];
  for (const [name, check, good, bad] of cases) {
    test(name, () => table(check, { good, bad }));
  }
});

describe('sizes', () => {
  for (const [text, bytes] of [
    ['1', 1],
    ['512m', 512 * 1024 ** 2],
    ['2g', 2 * 1024 ** 3],
    ['2GB', 2 * 1024 ** 3],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['100 k', 102_400],
    ['10b', 10],
  ] as const) {
    test(`${text} is ${bytes} bytes`, () => assert.equal(parseSize(text), bytes));
  }
  test('anything else is none', () =>
    table(parseSize, { good: [], bad: ['', 'g', '-1g', '1t', '0', '1e3', '1.m', '99999999g'] }));
});

describe('the beginning of a name has one spelling', () => {
  for (const [text, canonical] of [
    ['atlanhq', 'docker.io/atlanhq'],
    ['atlanhq/', 'docker.io/atlanhq'],
    ['docker.io/atlanhq', 'docker.io/atlanhq'],
    ['index.docker.io/atlanhq', 'docker.io/atlanhq'],
    ['docker.io', 'docker.io'],
    ['ghcr.io', 'ghcr.io'],
    ['registry.example:5000/a/b', 'registry.example:5000/a/b'],
  ] as const) {
    test(`${text} → ${canonical}`, () => assert.equal(canonicalPrefix(text), canonical));
  }
});
