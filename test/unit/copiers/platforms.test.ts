import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { RegistryError } from '../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { startCopierFixture, type HttpCopierFixture } from '../../support/copier-fixture.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  push,
  tagOf,
  type TestImage,
} from '../../support/images.ts';

interface World extends HttpCopierFixture {
  readonly records: readonly LogRecord[];
}

async function setUp(
  t: TestContext,
  platforms: readonly string[] | undefined,
  sparseIndexes = true,
): Promise<World> {
  const records: LogRecord[] = [];
  const fixture = await startCopierFixture({
    referrersApi: true,
    targetOptions: { sparseIndexes },
    createCopier: ({ source, target }) =>
      createRegistryCopier({
        source,
        target,
        signatures: true,
        lookAgainAfter: [0],
        logger: createLogger((record) => records.push(record)),
        ...(platforms === undefined ? {} : { platforms: platforms.map(parsePlatform) }),
      }),
  });
  t.after(() => fixture[Symbol.asyncDispose]());
  return Object.assign(fixture, { records });
}

function image(name: string): TestImage {
  return buildImage({ seed: 'platforms', platform: parsePlatform(name) });
}

function images(...names: readonly string[]): readonly TestImage[] {
  return names.map(image);
}

function index(...names: readonly string[]): TestImage {
  return buildIndex({ children: images(...names), attestations: true });
}

/** Copies an image and tells which of these platforms arrived, and what was said to be left out. */
async function copied(
  world: World,
  what: TestImage,
  of: readonly string[],
): Promise<{ readonly arrived: readonly string[]; readonly omitted: readonly string[] }> {
  push(world.source('app'), what);
  const result = await world.newCopier().copy(world.from('app', what.digest), world.to('app', '1'));
  assert.equal(result.digest, what.digest);
  assert.equal(world.target('app').tags.get('1'), what.digest);
  const arrived = of.filter((name) => world.target('app').manifests.has(image(name).digest));
  return { arrived, omitted: result.omitted ?? [] };
}

test('the wanted platforms arrive under an index that is what it was', async (t) => {
  const all = ['linux/amd64', 'linux/arm64', 'windows/amd64'];
  for (const [wanted, expected] of [
    [['linux/amd64'], ['linux/amd64']],
    [
      ['linux/arm64', 'linux/amd64'],
      ['linux/amd64', 'linux/arm64'],
    ],
  ] as const) {
    const world = await setUp(t, wanted);
    const what = index(...all);
    const { arrived, omitted } = await copied(world, what, all);
    assert.deepEqual(arrived, expected);
    assert.deepEqual(
      omitted,
      all.filter((name) => !(expected as readonly string[]).includes(name)),
    );
    const { bytes } = world.target('app').manifests.get(what.digest) ?? assert.fail();
    assert.deepEqual(Buffer.from(bytes), Buffer.from(what.manifests.at(-1)?.bytes ?? []));
  }
});

test('of what is left out no blob is read, and its attestation stays behind with it', async (t) => {
  const world = await setUp(t, ['linux/amd64']);
  const what = index('linux/amd64', 'linux/arm64');
  await copied(world, what, []);
  // The index, one image, the attestation about it.
  assert.equal(world.target('app').manifests.size, 3);
  const wanted = new Set([
    ...image('linux/amd64').blobs.keys(),
    ...index('linux/amd64').blobs.keys(),
  ]);
  assert.deepEqual(new Set(world.target('app').blobs.keys()), wanted);
});

test('whoever names no variant takes each; a usual one may go unsaid', async (t) => {
  const all = ['linux/arm/v6', 'linux/arm/v7', 'linux/arm64', 'linux/arm64/v9'];
  for (const [wanted, expected] of [
    ['linux/arm', ['linux/arm/v6', 'linux/arm/v7']],
    ['linux/arm/v7', ['linux/arm/v7']],
    ['linux/arm64/v8', ['linux/arm64']],
    ['linux/arm64', ['linux/arm64', 'linux/arm64/v9']],
  ] as const) {
    const { arrived } = await copied(await setUp(t, [wanted]), index(...all), all);
    assert.deepEqual(arrived, expected);
  }
});

test('an index within an index is gone through as well', async (t) => {
  const world = await setUp(t, ['linux/amd64']);
  const inner = index('linux/amd64', 'linux/arm64');
  const other = index('linux/s390x');
  const { arrived, omitted } = await copied(world, buildIndex({ children: [inner, other] }), [
    'linux/amd64',
    'linux/arm64',
    'linux/s390x',
  ]);
  assert.deepEqual(arrived, ['linux/amd64']);
  assert.equal(world.target('app').manifests.has(inner.digest), true);
  assert.equal(world.target('app').manifests.has(other.digest), false);
  assert.deepEqual(omitted, ['linux/s390x', 'linux/arm64']);
});

test('an image that is no index, and an index of all that is wanted, are copied whole', async (t) => {
  const world = await setUp(t, ['linux/amd64']);
  assert.deepEqual(await copied(world, image('linux/arm64'), ['linux/arm64']), {
    arrived: ['linux/arm64'],
    omitted: [],
  });
  const strict = await setUp(t, ['linux/amd64'], false);
  const { omitted } = await copied(strict, index('linux/amd64'), []);
  assert.deepEqual(omitted, []);
});

test('signatures of the index and of what is wanted go along', async (t) => {
  const world = await setUp(t, ['linux/amd64']);
  const what = index('linux/amd64', 'linux/arm64');
  const sign = (subject: TestImage): void => {
    const layers = [{ mediaType: 'text/plain', bytes: Buffer.from(subject.digest) }];
    push(world.source('app'), buildArtifact({ layers }), tagOf(subject.digest, '.sig'));
  };
  for (const signed of [what, ...images('linux/amd64', 'linux/arm64')]) sign(signed);
  await copied(world, what, []);
  const tags = [...world.target('app').tags.keys()].sort();
  const expected = [what, image('linux/amd64')].map(({ digest }) => tagOf(digest, '.sig'));
  assert.deepEqual(tags, ['1', ...expected].sort());
});

test('an image with none of the wanted platforms is refused, and says which it has', async (t) => {
  const world = await setUp(t, ['linux/s390x']);
  await assert.rejects(copied(world, index('linux/amd64', 'linux/arm64'), []), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_REFUSED');
    assert.equal(error.side, 'source');
    assert.match(
      error.message,
      /has none of linux\/s390x \(copy\.platforms\); it is for linux\/amd64, linux\/arm64$/,
    );
    return true;
  });
  assert.equal(world.target('app').tags.size, 0);
});

test('a target that takes no such index is named, and nothing is sent twice', async (t) => {
  const world = await setUp(t, ['linux/amd64'], false);
  await assert.rejects(copied(world, index('linux/amd64', 'linux/arm64'), []), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_REFUSED');
    assert.equal(error.side, 'target');
    const { host } = world.targetRegistry;
    assert(error.message.includes(`${host} does not take an index whose linux/arm64 is missing`));
    assert.match(error.message, /leave copy\.platforms out/);
    return true;
  });
  assert.equal(world.target('app').tags.size, 0);
  const writes = world.targetRegistry.requests.filter(({ method }) => method !== 'HEAD');
  assert.equal(new Set(writes.map(({ method, path }) => `${method} ${path}`)).size, writes.length);
});

test('a platform that is wanted later is added to the index that is there', async (t) => {
  const all = ['linux/amd64', 'linux/arm64', 'linux/s390x'];
  const world = await setUp(t, ['linux/amd64']);
  const what = buildIndex({ children: [index(...all)] });
  await copied(world, what, []);
  const later = await startCopierFixture({
    referrersApi: true,
    sourceOptions: { store: world.sourceRegistry.store },
    targetOptions: { store: world.targetRegistry.store, sparseIndexes: true },
    createCopier: ({ source, target }) =>
      createRegistryCopier({
        source,
        target,
        signatures: true,
        platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform),
      }),
  });
  t.after(() => later[Symbol.asyncDispose]());
  await later.newCopier().copy(later.from('app', what.digest), later.to('app', '1'));
  const arrived = all.filter((name) => world.target('app').manifests.has(image(name).digest));
  assert.deepEqual(arrived, ['linux/amd64', 'linux/arm64']);
});

test('that images are copied in part is said once', async (t) => {
  const world = await setUp(t, ['linux/amd64']);
  await copied(world, index('linux/amd64', 'linux/arm64'), []);
  const warnings = world.records.filter(({ level }) => level === 'warn');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.message ?? '', /copied in part/);
  const whole = await setUp(t, undefined);
  await copied(whole, index('linux/amd64', 'linux/arm64'), []);
  assert.deepEqual(
    whole.records.filter(({ level }) => level === 'warn'),
    [],
  );
});
