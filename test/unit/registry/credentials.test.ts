import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import {
  findCredential,
  systemSources,
  type Credential,
  type CredentialSources,
} from '../../../src/registry/credentials.ts';
import { Secret } from '../../../src/secret.ts';

interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, unknown>>;
  /** `helper server` → user name. */
  readonly helpers?: Readonly<Record<string, string>>;
}

function sources({ env = {}, files = {}, helpers = {} }: World): CredentialSources {
  return {
    env,
    homeDirectory: '/home/me',
    readText: async (path) => {
      const content = files[path];
      return typeof content === 'object'
        ? JSON.stringify(content)
        : (content as string | undefined);
    },
    runHelper: async (helper, server) => {
      const username = helpers[`${helper} ${server}`];
      return username === undefined
        ? undefined
        : { kind: 'basic', username, password: new Secret('p') };
    },
  };
}

function auths(host: string, user: string): unknown {
  return { auths: { [host]: { auth: Buffer.from(`${user}:p`).toString('base64') } } };
}

async function find(registry: string, world: World): Promise<string> {
  return show(await findCredential(registry, {}, sources(world)));
}

function show(credential: Credential): string {
  return `${credential.kind === 'basic' ? credential.username : credential.kind}; ${credential.origin}`;
}

const HOST = 'registry.example';

test('sources are asked in their order', async () => {
  const env = {
    DOCKER_AUTH_CONFIG: JSON.stringify(auths(HOST, 'inline')),
    REGISTRY_AUTH_FILE: '/run/auth.json',
    DOCKER_CONFIG: '/etc/docker-config',
  };
  const files = {
    '/run/auth.json': auths(HOST, 'auth-file'),
    '/etc/docker-config/config.json': auths(HOST, 'docker-config'),
    '/home/me/.docker/config.json': auths(HOST, 'home'),
  };
  const settings = { username: 'configured', password: new Secret('p') };
  const configured = await findCredential(HOST, settings, sources({ env, files }));
  assert.equal(show(configured), 'configured; registries: in the configuration');
  assert.equal(await find(HOST, { env, files }), 'inline; DOCKER_AUTH_CONFIG');
  const { DOCKER_AUTH_CONFIG: _, ...withoutInline } = env;
  assert.equal(await find(HOST, { env: withoutInline, files }), 'auth-file; /run/auth.json');
  const { REGISTRY_AUTH_FILE: __, ...withFolder } = withoutInline;
  assert.equal(
    await find(HOST, { env: withFolder, files }),
    'docker-config; /etc/docker-config/config.json',
  );
  assert.equal(await find(HOST, { files }), 'home; /home/me/.docker/config.json');
  assert.equal(await find(HOST, {}), 'anonymous; none were found');
});

test('a source that does not know the host leaves it to the next', async () => {
  const world = {
    env: { DOCKER_AUTH_CONFIG: JSON.stringify(auths('other.example', 'other')) },
    files: { '/home/me/.docker/config.json': auths(HOST, 'home') },
  };
  assert.equal(await find(HOST, world), 'home; /home/me/.docker/config.json');
});

test('every kind of setting is a credential, half a pair is none', async () => {
  const secret = new Secret('s');
  const kinds = [
    { identityToken: secret },
    { registryToken: secret },
    { username: 'u' },
    { plainHttp: true },
  ].map(async (settings) => (await findCredential(HOST, settings, sources({}))).kind);
  assert.deepEqual(await Promise.all(kinds), [
    'identity',
    'registry-token',
    'anonymous',
    'anonymous',
  ]);
});

test('helpers are asked for the host they are named for, and the store for all others', async () => {
  const config = {
    credHelpers: { [HOST]: 'ecr-login' },
    credsStore: 'desktop',
    ...(auths('third.example', 'file') as object),
  };
  const world = {
    files: { '/home/me/.docker/config.json': config },
    helpers: {
      [`ecr-login ${HOST}`]: 'AWS',
      'desktop https://index.docker.io/v1/': 'hub',
    },
  };
  assert.match(await find(HOST, world), /^AWS; docker-credential-ecr-login, named in \/home/);
  assert.match(await find('docker.io', world), /^hub; docker-credential-desktop/);
  assert.match(await find('third.example', world), /^file; \/home/);
  assert.match(await find('fourth.example', world), /^anonymous/);
});

test('a broken file stops the search instead of being passed over', async () => {
  const world = { files: { '/home/me/.docker/config.json': '{' } };
  await assert.rejects(find(HOST, world), ConfigError);
});

test('an empty file is no file', async () => {
  const world = { files: { '/home/me/.docker/config.json': '\n' } };
  assert.match(await find(HOST, world), /^anonymous/);
});

test('the sources of this process read real files and tell a missing one from a broken one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  t.after(async () => rm(folder, { recursive: true }));
  const missing = systemSources({ DOCKER_CONFIG: folder });
  assert.equal((await findCredential(HOST, {}, missing)).kind, 'anonymous');
  await writeFile(join(folder, 'config.json'), JSON.stringify(auths(HOST, 'me')));
  assert.match(show(await findCredential(HOST, {}, missing)), /^me; /);
  const unreadable = systemSources({ REGISTRY_AUTH_FILE: folder });
  await assert.rejects(findCredential(HOST, {}, unreadable), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, /cannot be read \(EISDIR\)/);
    return true;
  });
});
