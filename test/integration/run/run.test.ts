import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildImage, buildMultiArch, tagOf, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { cosignVerify, signBundle, signClassic } from '../../support/servers/cosign.ts';
import type { AnsweredRequest } from '../../support/servers/distribution.ts';
import { digestAccordingTo, referrersAccordingTo } from '../../support/servers/peers.ts';
import { SERVERS, startWorld, type World } from './world.ts';

interface Announced {
  readonly name: string;
  readonly tag: string;
  readonly image: TestImage;
  /** As announced. */
  readonly reference: string;
  /** Whether the real Cosign signed it, with a key. */
  readonly byKey: boolean;
}

/** OCI and docker media types, indexes with attestations and a single image, all ways to sign. */
async function announceSigned(world: World): Promise<readonly Announced[]> {
  const images = [
    { name: 'bundled', tag: '1.0', image: buildMultiArch('bundled'), sign: signBundle },
    {
      name: 'classic',
      tag: '2.0-rc.1',
      image: buildMultiArch('classic', { format: 'docker' }),
      sign: signClassic,
    },
    { name: 'keyless', tag: '3.1.4', image: buildMultiArch('keyless'), sign: 'bundle' },
    {
      name: 'keyless-classic',
      tag: 'main-0a1b2c3',
      image: buildImage({ seed: 'keyless-classic', format: 'docker' }),
      sign: 'classic',
    },
  ] as const;
  return Promise.all(
    images.map(async ({ name, tag, image, sign }) => {
      const repository = `vendor/${name}`;
      const reference = await world.announce(repository, tag, image);
      if (typeof sign === 'string') await world.signKeyless(repository, image, sign);
      else await sign(world.atSource(repository, image), world.keys);
      return { name, tag, image, reference, byKey: typeof sign !== 'string' };
    }),
  );
}

for (const engine of ['registry', 'skopeo'] as const) {
  test(`copied by ${engine}, the target holds what the source held, and the map leads to it`, async (t) => {
    if (!requireServer(t, ...SERVERS)) return;
    const world = await startWorld(t);
    const announced = await announceSigned(world);
    await world.configure({ engine });

    const { exitCode, report, stderr } = await world.run();

    assert.equal(exitCode, 0, `${stderr}\n${JSON.stringify(report, undefined, 2)}`);
    assert.equal(report.totals.mirrored, announced.length);
    for (const { name, tag, image, reference, byKey } of announced) {
      const repository = `mirrored/${name}`;
      const at = { host: world.target.host, repository, dockerConfig: world.dockerConfig };
      for (const [tool, digest] of Object.entries(digestAccordingTo)) {
        assert.equal(await digest({ ...at, at: tag }), image.digest, `${name} says ${tool}`);
        for (const { digest: member } of image.manifests) {
          assert.equal(
            await digest({ ...at, at: member }),
            member,
            `${name}'s members say ${tool}`,
          );
        }
      }
      if (byKey) {
        await cosignVerify(world.atTarget(repository, image), world.keys, world.dockerConfig);
      }
      const resolved = await world.start('resolve', reference, '--output', 'json');
      assert.match(resolved.stdout, new RegExp(`"${world.target.host}/${repository}:${tag}"`));
    }
  });
}

test('signatures arrive for an index and for its children, by tag and by referrer', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const world = await startWorld(t);
  const [bundled, classic] = await announceSigned(world);
  assert.ok(bundled && classic);
  await world.configure();

  await world.run();

  const { dockerConfig } = world;
  const source = {
    host: world.source.host,
    repository: 'vendor/bundled',
    at: bundled.image.digest,
  };
  const target = {
    ...source,
    host: world.target.host,
    repository: 'mirrored/bundled',
    dockerConfig,
  };
  for (const [tool, referrers] of Object.entries(referrersAccordingTo)) {
    const expected = await referrers(source);
    assert.equal(expected.length, 1);
    assert.deepEqual(await referrers(target), expected, tool);
  }
  const members = classic.image.manifests.map(({ digest }) => digest);
  for (const at of members.map((digest) => tagOf(digest, '.sig'))) {
    const asked = { host: world.source.host, repository: 'vendor/classic', at };
    assert.equal(
      await digestAccordingTo.crane({
        ...asked,
        host: world.target.host,
        repository: 'mirrored/classic',
        dockerConfig,
      }),
      await digestAccordingTo.crane(asked),
    );
  }
});

test('a second run moves no blob, writes nothing, and costs two HEADs an image', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const world = await startWorld(t);
  const announced = await announceSigned(world);
  await world.configure();
  await world.run();
  const map = await world.map();
  const before = { source: await world.source.requests(), target: await world.target.requests() };

  const { exitCode, report } = await world.run();

  assert.equal(exitCode, 0);
  assert.equal(report.totals.unchanged, announced.length);
  assert.equal(await world.map(), map);
  for (const side of ['source', 'target'] as const) {
    const requests = (await world[side].requests()).slice(before[side].length);
    const asked = requests.filter(({ status, uri }) => status !== 401 && uri !== '/v2/');
    assert.deepEqual(
      asked.map(inShort).toSorted(),
      announced.map((each) => headOf(side, each)).toSorted(),
    );
  }
});

test('an unsigned image gets neither tag nor map entry, and keeps nobody else out', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const world = await startWorld(t);
  const announced = await announceSigned(world);
  const image = buildImage({ seed: 'unsigned', created: '2020-01-01T00:00:00Z' });
  const unsigned = await world.announce('vendor/unsigned', '1', image);
  await world.configure();

  const { exitCode, report } = await world.run();

  assert.equal(exitCode, 4);
  assert.equal(report.totals.mirrored, announced.length);
  assert.equal(
    report.images.find((each) => each.image === unsigned)?.error?.code,
    'SIGNATURE_MISSING',
  );
  const map = await world.map();
  assert.equal(map.includes('unsigned'), false);
  for (const { name } of announced) assert.ok(map.includes(`mirrored/${name}:`));
  const requests = await world.target.requests();
  const writes = requests.filter(
    ({ method, uri }) => method !== 'HEAD' && method !== 'GET' && uri.includes('unsigned'),
  );
  assert.deepEqual(writes, []);
});

function inShort({ method, uri }: AnsweredRequest): string {
  return `${method} ${uri}`;
}

function headOf(side: 'source' | 'target', { name, tag }: Announced): string {
  return `HEAD /v2/${side === 'source' ? 'vendor' : 'mirrored'}/${name}/manifests/${tag}`;
}
