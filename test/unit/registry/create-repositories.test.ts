import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import type { Cloud } from '../../../src/registry/auth/cloud/clouds.ts';
import { NoIdentityError } from '../../../src/registry/auth/cloud/sign-in.ts';
import type { RegistriesOptions } from '../../../src/registry/client.ts';
import { atTag, type Repository } from '../../../src/registry/reference.ts';
import { seededBytes } from '../../support/images.ts';
import { describe, MANIFEST } from '../../support/quirk-world.ts';
import { openRegistries, type OpenedRegistries } from '../../support/scripted-registries.ts';
import {
  refusal,
  startScripted,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../support/scripted-server.ts';
import { scriptedUploads } from '../../support/scripted-uploads.ts';

const MISSING = refusal(404, 'NAME_UNKNOWN', "The repository with name 'acme/app' does not exist");

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
  readonly created: readonly string[];
}

/** A registry that takes nothing for a repository that was not created. */
async function setUp(
  t: TestContext,
  {
    create = async () => true,
    unknownFor = 0,
    createRepositories = true,
    otherwise = MISSING,
  }: {
    readonly create?: Cloud['createRepository'];
    /** Requests for which a new repository is still unknown. */
    readonly unknownFor?: number;
    readonly createRepositories?: boolean;
    /** What it says before that. */
    readonly otherwise?: ScriptedAnswer;
  } = {},
): Promise<World> {
  const uploads = scriptedUploads();
  const created: string[] = [];
  let unknown = unknownFor;
  const server = await startScripted(t, (request) => {
    if (created.length === 0) return otherwise;
    if (unknown > 0) {
      unknown -= 1;
      return MISSING;
    }
    const stored: ScriptedAnswer = { status: 201 };
    return request.path.includes('/manifests/') ? stored : uploads.script(request);
  });
  const cloud: Cloud = {
    signIn: () => {
      throw new NoIdentityError('nobody');
    },
    createRepository: async (name, options) => {
      await Promise.resolve();
      const isNew = await create(name, options);
      created.push(name);
      return isNew;
    },
  };
  const options: Partial<RegistriesOptions> = { clouds: () => cloud };
  const registries = openRegistries(t, { [server.host]: { createRepositories } }, options);
  const repository = { registry: server.host, repository: 'acme/app' };
  return { ...registries, server, repository, created };
}

async function put(world: World, name: string, size = 1000): Promise<void> {
  const bytes = seededBytes(name, size);
  const open = async (): Promise<Readable> => Readable.from([bytes]);
  await world.target.putBlob(world.repository, describe(bytes), open);
}

test('a missing repository is created once, however many blobs and manifests wait for it', async (t) => {
  const world = await setUp(t);
  const blobs = ['a', 'b', 'c', 'd'].map(async (name) => put(world, name));
  await Promise.all([...blobs, put(world, 'large', 200_000)]);
  await world.target.putManifest(atTag(world.repository, '1'), MANIFEST);
  assert.deepEqual(world.created, ['acme/app']);
  assert.deepEqual(
    world.records.filter(({ level }) => level === 'info').map(({ message }) => message),
    ['created the repository acme/app'],
  );
});

test('a manifest that comes first creates its repository as well', async (t) => {
  const world = await setUp(t);
  await world.target.putManifest(atTag(world.repository, '1'), MANIFEST);
  assert.deepEqual(world.created, ['acme/app']);
});

test('a repository that not every node knows of yet is waited for', async (t) => {
  const world = await setUp(t, { unknownFor: 2 });
  await put(world, 'a');
  assert.deepEqual(world.created, ['acme/app']);
  assert.equal(world.clock.sleeps.length, 2);
});

test('reading creates nothing', async (t) => {
  const world = await setUp(t);
  assert.equal(await world.target.head(atTag(world.repository, '1')), undefined);
  assert.equal(await world.target.hasBlob(world.repository, MANIFEST.digest), false);
  assert.deepEqual(world.created, []);
});

test('nothing is created unless the operator says so', async (t) => {
  const world = await setUp(t, { createRepositories: false });
  await assert.rejects(put(world, 'a'), { code: 'REGISTRY_NOT_FOUND' });
  assert.deepEqual(world.created, []);
});

test('another 404 creates nothing', async (t) => {
  const world = await setUp(t, { otherwise: refusal(404, 'MANIFEST_BLOB_UNKNOWN') });
  await assert.rejects(world.target.putManifest(atTag(world.repository, '1'), MANIFEST), {
    registryCode: 'MANIFEST_BLOB_UNKNOWN',
  });
  assert.deepEqual(world.created, []);
});

test('a refusal to create is the error of what needed the repository, and is asked for once', async (t) => {
  let asked = 0;
  const world = await setUp(t, {
    create: () => {
      asked += 1;
      throw new RegistryError('REGISTRY_UNAUTHORIZED', 'creating the repository failed: no right');
    },
  });
  for (const name of ['a', 'b']) {
    await assert.rejects(put(world, name), {
      code: 'REGISTRY_UNAUTHORIZED',
      side: 'target',
      message: /^could not write .*: creating the repository failed: no right$/,
    });
  }
  assert.equal(asked, 1);
});

test('what kept a repository from being created may pass', async (t) => {
  let failures = 1;
  const world = await setUp(t, {
    create: async () => {
      failures -= 1;
      if (failures >= 0) throw new RegistryError('REGISTRY_UNAVAILABLE', 'busy');
      return true;
    },
  });
  await assert.rejects(put(world, 'a'), { code: 'REGISTRY_UNAVAILABLE' });
  await put(world, 'a');
});

test('whoever writes by other means can have the repository created first', async (t) => {
  const world = await setUp(t, { create: async () => false });
  await world.ensureRepository(world.repository);
  await world.ensureRepository(world.repository);
  assert.deepEqual(world.created, ['acme/app']);
  const without = await setUp(t, { createRepositories: false });
  await without.ensureRepository(without.repository);
  assert.deepEqual(without.created, []);
});

test('a registry where nothing can be created is an error of the configuration', async (t) => {
  const { target } = openRegistries(t, { 'ghcr.io': { createRepositories: true } });
  const tag = atTag({ registry: 'ghcr.io', repository: 'acme/app' }, '1');
  await assert.rejects(target.head(tag), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, /^registries: ghcr\.io: createRepositories is not needed: /);
    return true;
  });
});
