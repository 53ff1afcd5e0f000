import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { STOP_GRACES } from '../../../src/mirror/abandon.ts';
import { nameImages, type UnnamedImage } from '../../../src/mirror/announce.ts';
import type { NamedImage } from '../../../src/mirror/discover.ts';
import type { ImageResult } from '../../../src/mirror/image-result.ts';
import { mirrorImage, type ImageContext } from '../../../src/mirror/mirror-image.ts';
import type { RunEvent } from '../../../src/mirror/run.ts';
import { push } from '../../support/images.ts';
import { imageOf, TARGET, World } from './world.ts';

/** Takes `atlanhq/a:1` of a world through the steps. */
async function mirror(
  world: World,
  options: Partial<ImageContext['options']> = {},
  image?: UnnamedImage,
): Promise<ImageResult & { readonly events: readonly RunEvent[] }> {
  const [named] = nameImages(
    [{ image: 'atlanhq/a:1', appName: 'a', version: '1' }],
    world.settings,
  );
  assert.ok(named);
  const events: RunEvent[] = [];
  const never = new AbortController().signal;
  const result = await mirrorImage(image ?? named, {
    dependencies: world.dependencies,
    settings: world.settings,
    map: parseImageMap(world.store.text ?? ''),
    options: {
      onEvent: (event) => events.push(event),
      signal: never,
      stop: STOP_GRACES,
      abandon: never,
      deadline: never,
      ...options,
    },
  });
  return { ...result, events };
}

function vendorWorld(): World {
  const world = new World();
  world.publishAtVendor('a:1');
  return world;
}

describe('mirrorImage', () => {
  test('hands on the image with the digest that was verified', async () => {
    const { mirrored, report, error } = await mirror(vendorWorld());
    const digest = imageOf('a:1').digest;
    const expected: Pick<NamedImage, 'release'> & { readonly digest: string } = {
      release: { image: 'atlanhq/a:1', appName: 'a', version: '1' },
      digest,
    };
    assert.deepEqual({ release: mirrored?.release, digest: mirrored?.digest }, expected);
    assert.deepEqual([report.outcome, report.app, report.version], ['mirrored', 'a', '1']);
    assert.equal(error, undefined);
  });

  for (const outcome of ['unchanged', 'failed', 'interrupted', 'planned'] as const) {
    test(`has nothing for the map to name when it is ${outcome}`, async () => {
      const world = vendorWorld();
      let options: Partial<ImageContext['options']> = {};
      if (outcome === 'unchanged') {
        world.atTarget('a:1', imageOf('a:1'));
        world.store.editByHand(`images: {"atlanhq/a:1": "${TARGET}/a:1"}`);
      }
      if (outcome === 'failed') world.verifier.refuse(imageOf('a:1').digest, new Error('no'));
      if (outcome === 'interrupted') options = { drain: AbortSignal.abort() };
      if (outcome === 'planned') world.settings = { ...world.settings, until: 'verify' };
      const { mirrored, report } = await mirror(world, options);
      assert.equal(report.outcome, outcome);
      assert.equal(mirrored, undefined);
    });
  }

  test('tells of a failure all that was learned before it', async () => {
    const world = vendorWorld();
    const failure = new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
    world.before = (operation) => {
      if (operation.startsWith('target.putManifest')) throw failure;
    };
    const { report, error, events } = await mirror(world);
    assert.equal(error, failure);
    const { verification, ...rest } = report;
    assert.equal(verification?.digest, imageOf('a:1').digest);
    assert.deepEqual(rest, {
      image: 'atlanhq/a:1',
      app: 'a',
      version: '1',
      source: 'docker.io/atlanhq/a:1',
      target: `${TARGET}/a:1`,
      digest: imageOf('a:1').digest,
      action: 'copy',
      outcome: 'failed',
      reason: '503',
      error: { code: 'REGISTRY_UNAVAILABLE', message: '503', retryable: true },
      requests: 0,
      durationMs: 0,
    });
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'step' ? [event.step] : [])),
      ['discover', 'verify', 'copy'],
    );
  });

  test('tells the digest that is announced of an image it refuses, and verifies none', async () => {
    const world = vendorWorld();
    world.atTarget('a:1', imageOf('somebody else'));
    const { report } = await mirror(world);
    assert.deepEqual([report.action, report.digest], ['refuse', imageOf('a:1').digest]);
    assert.deepEqual(world.verifier.asked, []);
  });

  test('tells the digest that is in use of an image that somebody sends elsewhere', async () => {
    const world = vendorWorld();
    const golden = imageOf('golden');
    push(world.target.repository('golden.example/a'), golden, '1');
    world.store.editByHand('images: {"atlanhq/a:1": "golden.example/a:1"}');
    const { report } = await mirror(world);
    assert.deepEqual([report.outcome, report.digest], ['unchanged', golden.digest]);
  });

  test('an image without a usable name fails by itself, with nothing asked', async () => {
    const world = vendorWorld();
    const error = new ConfigError('no name');
    const { report, ...result } = await mirror(world, {}, { release: { image: '???' }, error });
    assert.equal(result.error, error);
    assert.deepEqual(
      [report.image, report.outcome, report.error?.code, report.target],
      ['???', 'failed', 'CONFIG_INVALID', undefined],
    );
    assert.deepEqual(world.operations, []);
  });

  test('is left behind when it has not ended with the stop', async () => {
    const world = vendorWorld();
    const [stop, abandon] = [new AbortController(), new AbortController()];
    world.copier = {
      copy: () => {
        stop.abort(new Error('stop'));
        setImmediate(() => abandon.abort(new Error('stop')));
        return new Promise(() => undefined);
      },
    };
    const { report } = await mirror(world, { signal: stop.signal, abandon: abandon.signal });
    assert.deepEqual([report.outcome, report.action], ['interrupted', 'copy']);
  });
});
