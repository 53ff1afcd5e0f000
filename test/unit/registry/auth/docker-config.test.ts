import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { parseDockerConfig } from '../../../../src/registry/auth/docker-config.ts';

function pair(text: string): string {
  return Buffer.from(text).toString('base64');
}

function parse(value: unknown): ReturnType<typeof parseDockerConfig> {
  return parseDockerConfig(JSON.stringify(value), 'config.json');
}

test('keys are hosts, however they were written', () => {
  const auth = pair('u:p');
  const { auths } = parse({
    auths: {
      'https://index.docker.io/v1/': { auth },
      'http://plain.example:5000/v2/': { auth },
      'Registry.Example': { auth },
      'path.example/project': { auth },
    },
  });
  assert.deepEqual(
    [...auths.keys()],
    ['docker.io', 'plain.example:5000', 'registry.example', 'path.example'],
  );
});

test('an exact host beats a key with a path, in either order', () => {
  for (const keys of [
    ['host.example/project', 'host.example'],
    ['host.example', 'host.example/project'],
  ]) {
    const auths = Object.fromEntries(keys.map((key) => [key, { auth: pair(`${key}:p`) }]));
    const found = parse({ auths }).auths.get('host.example');
    assert(found?.kind === 'basic');
    assert.equal(found.username, 'host.example');
  }
});

test('every form of a credential', () => {
  const { auths } = parse({
    auths: {
      'pair.example': { auth: pair('user:pass:with:colons') },
      'nul.example': { auth: pair('user:pass\0\0') },
      'plain.example': { username: 'user', password: 'pass' },
      'identity.example': { auth: pair('user:old'), identitytoken: 'refresh' },
      'pseudo.example': { auth: pair('<token>:refresh') },
      'registry-token.example': { registrytoken: 'bearer' },
      'empty.example': {},
      'odd.example': 'text',
    },
  });
  const shown = Object.fromEntries(
    [...auths].map(([key, found]) => [
      key,
      found.kind === 'basic'
        ? [found.username, found.password.reveal()]
        : [
            found.kind,
            (found.kind === 'identity' ? found.identityToken : found.registryToken).reveal(),
          ],
    ]),
  );
  assert.deepEqual(shown, {
    'pair.example': ['user', 'pass:with:colons'],
    'nul.example': ['user', 'pass'],
    'plain.example': ['user', 'pass'],
    'identity.example': ['identity', 'refresh'],
    'pseudo.example': ['identity', 'refresh'],
    'registry-token.example': ['registry-token', 'bearer'],
  });
});

test('helpers, for one host and for all', () => {
  const config = parse({
    credHelpers: { 'https://a.example': 'ecr-login', 'b.example': '' },
    credsStore: 'desktop',
  });
  assert.deepEqual([...config.credHelpers], [['a.example', 'ecr-login']]);
  assert.equal(config.credsStore, 'desktop');
  assert.equal(parse({ credsStore: '' }).credsStore, undefined);
});

test('a broken file is named, its content is not', () => {
  for (const text of ['{"auths": {"a.example": {"auth": "hunter2', '[]', '"hunter2"']) {
    assert.throws(
      () => parseDockerConfig(text, '/home/me/.docker/config.json'),
      (error) => {
        assert(error instanceof ConfigError);
        assert.match(error.message, /\/home\/me\/\.docker\/config\.json/);
        assert.doesNotMatch(`${error.message}${String(error.cause)}`, /hunter2/);
        return true;
      },
    );
  }
  assert.throws(
    () => parse({ auths: { 'a.example': { auth: pair('no colon here') } } }),
    /entry for a\.example has an "auth" that is not base64 of user:password/,
  );
});
