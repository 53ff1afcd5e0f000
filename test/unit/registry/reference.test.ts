import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError } from '../../../src/errors.ts';
import {
  atDigest,
  atTag,
  canonicalRegistry,
  formatReference,
  formatRepository,
  isDigest,
  isSameRepository,
  isTag,
  parseReference,
  parseReferenceParts,
  parseTagReference,
  type Digest,
} from '../../../src/registry/reference.ts';

const DIGEST: Digest = `sha256:${'ab'.repeat(32)}`;

test('a reference is split where docker splits it', () => {
  const cases: readonly (readonly [string, string, string, string | undefined])[] = [
    ['alpine:3', 'docker.io', 'library/alpine', '3'],
    ['acme/app:1.0', 'docker.io', 'acme/app', '1.0'],
    ['index.docker.io/acme/app:1', 'docker.io', 'acme/app', '1'],
    ['registry-1.docker.io/alpine:1', 'docker.io', 'library/alpine', '1'],
    ['registry.example/app:1', 'registry.example', 'app', '1'],
    ['REGISTRY.example/app:1', 'registry.example', 'app', '1'],
    ['registry.example:5000/a/b/c:1', 'registry.example:5000', 'a/b/c', '1'],
    ['localhost/app:1', 'localhost', 'app', '1'],
    ['localhost:5000/app', 'localhost:5000', 'app', undefined],
    ['[::1]:5000/app:1', '[::1]:5000', 'app', '1'],
    ['acme/app', 'docker.io', 'acme/app', undefined],
  ];
  for (const [text, registry, repository, tag] of cases) {
    assert.deepEqual(
      parseReferenceParts(text),
      { registry, repository, tag, digest: undefined },
      text,
    );
  }
});

test('another default registry is where nameless references live', () => {
  const reference = parseReference('acme/app:1', 'registry.example');
  assert.equal(formatReference(reference), 'registry.example/acme/app:1');
  assert.equal(
    formatReference(parseReference('app:1', 'registry.example')),
    'registry.example/app:1',
  );
});

test('a digest decides, the tag beside it is for people', () => {
  const reference = parseReference(`acme/app:1.0@${DIGEST}`);
  assert.deepEqual(reference, {
    kind: 'digest',
    registry: 'docker.io',
    repository: 'acme/app',
    digest: DIGEST,
    tag: '1.0',
  });
  assert.equal(formatReference(reference), `docker.io/acme/app@${DIGEST}`);
});

test('an image nobody named is not asked for', () => {
  assert.throws(() => parseReference('acme/app'), /names a repository, not an image/);
  assert.throws(() => parseTagReference(`acme/app@${DIGEST}`), /names a digest where a tag/);
  assert.equal(parseTagReference('acme/app:1').tag, '1');
});

test('what is no reference is refused, and shown harmlessly', () => {
  for (const text of [
    '',
    ' ',
    'acme/App:1',
    'acme//app:1',
    '/app:1',
    'acme/app:',
    'acme/app:-1',
    `acme/app:${'x'.repeat(129)}`,
    'acme/app@sha256:abc',
    `acme/app@sha256:${'AB'.repeat(32)}`,
    `acme/app@${DIGEST}@${DIGEST}`,
    `acme/app@sha512:${'ab'.repeat(64)}`,
    'https://registry.example/app:1',
    'user@registry.example/app:1',
    'registry.example:99999999/app:1',
    'registry_x.example/app:1',
    `registry.example/${'a/'.repeat(130)}app:1`,
    'acme/app:1\n',
    'acme/../app:1',
    'acme/a__..b:1',
  ]) {
    assert.throws(
      () => parseReference(text),
      (error) => {
        assert(error instanceof ConfigError, text);
        assert.doesNotMatch(error.message, /[\n\r]/);
        return true;
      },
    );
  }
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8}){0,2}$/);
const host = fc.constantFrom('docker.io', 'registry.example', 'registry.example:5000', 'localhost');
const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`);

test('every reference reads back from its own text', () => {
  const path = fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(host, path, fc.oneof(tag, digest), (registry, repository, name) => {
      const where = { registry, repository };
      const reference = isDigest(name) ? atDigest(where, name) : atTag(where, name);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.equal(isSameRepository(reference, where), true);
    }),
  );
});

test('any text is a reference or a ConfigError, nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      try {
        const reference = parseReference(text);
        assert.deepEqual(
          parseReference(formatReference(reference)).repository,
          reference.repository,
        );
      } catch (error) {
        assert(error instanceof ConfigError);
      }
    }),
  );
});

test('small words', () => {
  assert.equal(isTag('1.0_x-y'), true);
  assert.equal(isTag('.1'), false);
  assert.equal(isDigest(DIGEST), true);
  assert.equal(isDigest(DIGEST.toUpperCase()), false);
  assert.equal(canonicalRegistry('Index.Docker.IO'), 'docker.io');
  assert.equal(canonicalRegistry('Registry.Example:5000'), 'registry.example:5000');
  assert.equal(formatRepository({ registry: 'a.example', repository: 'b/c' }), 'a.example/b/c');
  assert.equal(
    isSameRepository(
      { registry: 'a.example', repository: 'b' },
      { registry: 'a.example', repository: 'c' },
    ),
    false,
  );
  assert.deepEqual(atDigest({ registry: 'r', repository: 'x', tag: '1' }, DIGEST).tag, '1');
});
