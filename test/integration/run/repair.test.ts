import assert from 'node:assert/strict';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StatusReport } from '../../../src/mirror/status-report.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { buildMultiArch, tagOf, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { cosignVerify, signBundle, signClassic } from '../../support/servers/cosign.ts';
import { SERVERS, startWorld, type World } from './world.ts';

/** Where Docker's registry keeps content, by digest, for all its repositories. */
function dataOf({ target }: World, digest: Digest): string {
  const hex = digest.replace('sha256:', '');
  return join(target.storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}

function tagFolder({ target }: World, repository: string, tag: string): string {
  return join(
    target.storage,
    'docker/registry/v2/repositories',
    repository,
    '_manifests/tags',
    tag,
  );
}

async function status(world: World): Promise<{
  readonly exitCode: number | undefined;
  readonly findings: readonly (readonly [string, readonly string[]])[];
}> {
  const { exitCode, stdout, stderr } = await world.start('status', '--output', 'json');
  assert.ok(stdout.startsWith('{'), stderr);
  const { images } = JSON.parse(stdout) as StatusReport;
  return {
    exitCode,
    findings: images.map(({ image, findings }) => [
      image.replace(/^.*\/vendor\//, ''),
      findings.map(({ kind }) => kind),
    ]),
  };
}

function largestBlob({ blobs }: TestImage): Digest {
  const [largest] = [...blobs].toSorted(([, a], [, b]) => b.length - a.length);
  assert.ok(largest);
  return largest[0];
}

for (const engine of ['registry', 'skopeo'] as const) {
  test(`what a real registry loses behind right tags is found, and mended by ${engine}`, async (t) => {
    if (!requireServer(t, ...SERVERS)) return;
    const world = await startWorld(t);
    const names = ['blob', 'manifest', 'bundle', 'classic', 'tag', 'whole'] as const;
    const images = new Map<string, TestImage>();
    for (const name of names) {
      const image = buildMultiArch(name, { layers: [100_000] });
      images.set(name, image);
      await world.announce(`vendor/${name}`, '1.0', image);
      const sign = name === 'classic' ? signClassic : signBundle;
      await sign(world.atSource(`vendor/${name}`, image), world.keys);
    }
    const image = (name: (typeof names)[number]): TestImage => images.get(name)!;
    await world.configure({ engine });
    assert.equal((await world.run()).exitCode, 0);
    const map = await world.map();
    assert.deepEqual(await status(world), {
      exitCode: 0,
      findings: names.map((name) => [`${name}:1.0`, []]),
    });

    await rm(dataOf(world, largestBlob(image('blob'))));
    await rm(dataOf(world, image('manifest').manifests[0]!.digest));
    await rm(tagFolder(world, 'mirrored/bundle', tagOf(image('bundle').digest)), {
      recursive: true,
    });
    await rm(tagFolder(world, 'mirrored/classic', tagOf(image('classic').digest, '.sig')), {
      recursive: true,
    });
    await rm(tagFolder(world, 'mirrored/tag', '1.0'), { recursive: true });

    const broken = await status(world);
    assert.deepEqual(broken, {
      exitCode: 4,
      findings: [
        ['blob:1.0', ['incomplete']],
        ['manifest:1.0', ['incomplete']],
        ['bundle:1.0', ['unsigned']],
        ['classic:1.0', ['unsigned']],
        ['tag:1.0', ['missing']],
        ['whole:1.0', []],
      ],
    });

    const { stdout, stderr, exitCode } = await world.start('run', '--repair', '--output', 'json');
    assert.equal(exitCode, 0, stdout + stderr);
    assert.deepEqual(await status(world), {
      exitCode: 0,
      findings: names.map((name) => [`${name}:1.0`, []]),
    });
    assert.equal(await world.map(), map, 'the map said so all along');
    for (const name of names) {
      await cosignVerify(
        world.atTarget(`mirrored/${name}`, image(name)),
        world.keys,
        world.dockerConfig,
      );
    }
  });
}

test('a blob that a registry holds in part only is found, and mended once it is gone', async (t) => {
  if (!requireServer(t, ...SERVERS)) return;
  const world = await startWorld(t);
  const image = buildMultiArch('short', { layers: [100_000] });
  await world.announce('vendor/short', '1.0', image);
  await signBundle(world.atSource('vendor/short', image), world.keys);
  await world.configure();
  assert.equal((await world.run()).exitCode, 0);
  await truncate(dataOf(world, largestBlob(image)), 1000);
  const broken = { exitCode: 3, findings: [['short:1.0', ['incomplete']]] };
  assert.deepEqual(await status(world), broken);

  // This registry takes what is sent for what it has, and a repair must not claim what it did not do.
  const { exitCode, stdout } = await world.start('run', '--repair');
  assert.equal(exitCode, 3, stdout);
  assert.match(stdout, /REGISTRY_REFUSED: It was copied again, and is still broken at the target/);
  assert.deepEqual(await status(world), broken);

  await rm(dataOf(world, largestBlob(image)));
  assert.equal((await world.start('run', '--repair')).exitCode, 0);
  assert.equal((await status(world)).exitCode, 0);
});
