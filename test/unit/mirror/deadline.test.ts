import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copyOne } from '../../../src/mirror/copy-one.ts';
import { parseReference, type TagReference } from '../../../src/registry/reference.ts';
import { imageOf, reportOn, SOURCE, TARGET, World } from './world.ts';

/** Long enough for what does not hang, on any machine. */
const TIMEOUT_MS = 1500;
const SOON = { imagesMs: 5, publishMs: 60_000 };

function threeImages(): World {
  const world = new World();
  world.publishAtVendor('a:1', 'b:1', 'c:1');
  world.settings = { ...world.settings, concurrency: 1 };
  return world;
}

/** Lets an operation hang for ever, whatever it is told. */
function hangBefore(world: World, start: string): void {
  world.before = (operation) =>
    operation.startsWith(start) ? new Promise<void>(() => undefined) : undefined;
}

describe('an image that takes longer than it may', () => {
  test('has failed, in words that say what to set; the others are mirrored', async () => {
    const world = threeImages();
    hangBefore(world, `source.openBlob ${SOURCE}/b`);
    const result = await world.run({ imageTimeoutMs: TIMEOUT_MS }, { stop: SOON });
    const { outcome, error } = reportOn(result, 'b:1');
    assert.equal(outcome, 'failed');
    assert.equal(error?.code, 'REGISTRY_UNAVAILABLE');
    assert.match(error?.message ?? '', /atlanhq\/b:1 was not done within 1\.5 s.*timeouts\.image/);
    assert.equal(error?.retryable, true);
    world.assertMapIsTrue('a:1', 'c:1');
    assert.equal(result.exitCode, 3);
    assert.equal(result.report.interrupted, false, 'nobody stopped the run');
  });

  test('is told to end, so that what obeys ends at once', async () => {
    const world = threeImages();
    const { copier } = world;
    let told: unknown;
    world.copier = {
      async copy(source, target, options) {
        if (source.digest !== imageOf('b:1').digest) return copier.copy(source, target, options);
        await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve));
        told = options?.signal?.reason;
        throw new Error('ended');
      },
    };
    const result = await world.run(
      { imageTimeoutMs: TIMEOUT_MS },
      { stop: { imagesMs: 60_000, publishMs: 60_000 } },
    );
    assert.match(String(told), /atlanhq\/b:1 was not done/);
    assert.match(reportOn(result, 'b:1').reason, /was not done within/);
  });

  test('fails by itself as it would without a deadline', async () => {
    const world = threeImages();
    world.verifier.before = ({ digest }) => {
      if (digest === imageOf('b:1').digest) throw new Error('broken');
    };
    const result = await world.run({ imageTimeoutMs: TIMEOUT_MS });
    assert.equal(reportOn(result, 'b:1').reason, 'broken');
  });

  test('of `mirror copy` has failed as well', async () => {
    const world = threeImages();
    hangBefore(world, `source.openBlob ${SOURCE}/b`);
    const target = parseReference(`${TARGET}/b:1`, 'docker.io') as TagReference;
    const { error } = await copyOne(
      { source: parseReference(`${SOURCE}/b:1`, 'docker.io'), target },
      world.dependencies,
      { verify: 'enforce', existingTarget: 'refuse', timeoutMs: 50 },
    );
    assert.match(String(error), /was not done within/);
  });
});

describe('a run that takes longer than it may', () => {
  test('has failed, and publishes what is finished', async () => {
    const world = threeImages();
    hangBefore(world, `source.openBlob ${SOURCE}/b`);
    const result = await world.run(
      { timeoutMs: TIMEOUT_MS, publishIntervalMs: 60_000 },
      { stop: SOON },
    );
    const { report, exitCode, errors } = result;
    assert.deepEqual(
      report.images.map(({ outcome }) => outcome),
      ['mirrored', 'interrupted', 'interrupted'],
    );
    assert.match(
      reportOn(result, 'b:1').reason,
      /The run was not done within 1\.5 s.*timeouts\.run/,
    );
    assert.equal(report.interrupted, true);
    assert.equal(errors.length, 1);
    assert.equal(exitCode, 3);
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
  });

  for (const operation of ['releases', 'store.read']) {
    test(`for ${operation} never answers, rejects with that`, async () => {
      const world = threeImages();
      hangBefore(world, operation);
      await assert.rejects(world.run({ timeoutMs: 50 }, { stop: SOON }), {
        code: 'REGISTRY_UNAVAILABLE',
        message: /The run was not done within/,
      });
    });
  }

  test('for the map is never taken, says that the next run records', async () => {
    const world = threeImages();
    hangBefore(world, 'store.write');
    const { report, exitCode } = await world.run(
      { timeoutMs: TIMEOUT_MS },
      { stop: { imagesMs: 5, publishMs: 10 } },
    );
    assert.equal(report.map.error?.code, 'MAP_UNAVAILABLE');
    assert.equal(exitCode, 6);
  });
});
