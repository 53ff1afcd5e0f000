import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImageCopier } from '../../../src/copiers/image-copier.ts';
import type { RunOptions } from '../../../src/mirror/run.ts';
import { imageOf, reportOn, SOURCE, TARGET, World } from './world.ts';

/** A stop that gives everything the time it takes: nothing is left behind. */
const PATIENT = { imagesMs: 60_000, publishMs: 60_000 };
/** One that soon leaves behind images that hang, and one that leaves the map behind as well. */
const SOON = { imagesMs: 5, publishMs: 60_000 };
const ALL_SOON = { imagesMs: 5, publishMs: 10 };
const reason = new Error('stopped by SIGTERM');

/** Three images, of which one is in flight at a time. */
function threeImages(map?: string): World {
  const world = new World(map);
  world.publishAtVendor('a:1', 'b:1', 'c:1');
  world.settings = { ...world.settings, concurrency: 1 };
  return world;
}

/** Aborts `controller` before the first operation that begins like this. */
function abortBefore(world: World, start: string, controller: AbortController): void {
  world.before = (operation) => {
    if (operation.startsWith(start)) controller.abort(reason);
  };
}

/** A copier that never ends and cannot be stopped, for one image; the world's own for the others. */
function hangingCopier(world: World, name: string, hung: () => void): ImageCopier {
  const { copier } = world;
  return {
    copy: (source, target, options) => {
      if (source.digest !== imageOf(name).digest) return copier.copy(source, target, options);
      hung();
      return new Promise(() => undefined);
    },
  };
}

/** Lets an operation hang for ever, and tells so. */
function hangBefore(world: World, start: string): (hung: () => void) => void {
  return (hung) => {
    world.before = (operation) => {
      if (!operation.startsWith(start)) return undefined;
      hung();
      return new Promise<void>(() => undefined);
    };
  };
}

/** Runs until something hangs, and stops it then. */
async function stopOnceHung(
  world: World,
  hang: (hung: () => void) => void,
  stop: RunOptions['stop'] = SOON,
): ReturnType<World['run']> {
  const controller = new AbortController();
  hang(() => controller.abort(reason));
  return world.run(
    { publishIntervalMs: 60_000 },
    { signal: controller.signal, ...(stop === undefined ? {} : { stop }) },
  );
}

describe('a run that is told to drain', () => {
  const moments = {
    'while the second of three is discovered': `source.getManifest ${SOURCE}/b:1`,
    'while it is verified': `verify ${imageOf('b:1').digest}`,
    'while its tag is written': `target.putManifest ${TARGET}/b:1`,
  };
  for (const [name, moment] of Object.entries(moments)) {
    test(`${name}: finishes and publishes what is in flight, begins nothing`, async () => {
      const world = threeImages();
      const drain = new AbortController();
      abortBefore(world, moment, drain);
      const result = await world.run({}, { drain: drain.signal });
      assert.deepEqual(
        result.report.images.map(({ outcome }) => outcome),
        ['mirrored', 'mirrored', 'interrupted'],
      );
      assert.equal(result.report.interrupted, true);
      assert.equal(reportOn(result, 'c:1').reason, 'the run was told to stop');
      assert.deepEqual(
        world.operations.filter((operation) => operation.includes('c:1')),
        [],
        'nothing is asked of what is not begun',
      );
      assert.equal(world.mapped('b:1'), `${TARGET}/b:1`);
      assert.equal(world.mapped('c:1'), undefined);
      assert.deepEqual(result.errors, []);
    });
  }

  test('before it began: rejects with the reason', async () => {
    const world = threeImages();
    await assert.rejects(world.run({}, { drain: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(world.operations, []);
  });

  for (const operation of ['releases', 'store.read']) {
    test(`while ${operation} is asked: ends at once, for nothing is under way`, async () => {
      const world = threeImages();
      const drain = new AbortController();
      hangBefore(world, operation)(() => drain.abort(reason));
      await assert.rejects(world.run({}, { drain: drain.signal, stop: SOON }), reason);
    });
  }

  test('while the map is written for the last time: nothing is lost', async () => {
    const world = threeImages();
    const drain = new AbortController();
    abortBefore(world, 'store.write', drain);
    const { report } = await world.run({ publishIntervalMs: 60_000 }, { drain: drain.signal });
    world.assertMapIsTrue('a:1', 'b:1', 'c:1');
    assert.equal(report.map.changed, true);
  });
});

describe('a run that is told to stop at once', () => {
  test('gives up what is in flight and publishes what is finished', async () => {
    const world = threeImages();
    const stop = new AbortController();
    abortBefore(world, `target.putManifest ${TARGET}/b:1`, stop);
    const { report, errors } = await world.run(
      { publishIntervalMs: 60_000 },
      { signal: stop.signal, stop: PATIENT },
    );
    assert.deepEqual(
      report.images.map(({ outcome }) => outcome),
      ['mirrored', 'interrupted', 'interrupted'],
    );
    assert.deepEqual(errors, []);
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
    assert.equal(world.mapped('b:1'), undefined);
  });

  test('keeps what it had learned of an image in the report', async () => {
    const world = threeImages();
    const stop = new AbortController();
    abortBefore(world, `target.putManifest ${TARGET}/a:1`, stop);
    const result = await world.run({}, { signal: stop.signal, stop: PATIENT });
    const { action, digest, verification } = reportOn(result, 'a:1');
    assert.deepEqual([action, digest], ['copy', imageOf('a:1').digest]);
    assert.equal(verification?.digest, imageOf('a:1').digest);
  });

  test('before it began: rejects with the reason', async () => {
    const world = threeImages();
    await assert.rejects(world.run({}, { signal: AbortSignal.abort(reason), stop: SOON }), reason);
    assert.deepEqual(world.operations, []);
  });

  test('a copier that finishes all the same within the grace has its image published', async () => {
    const world = threeImages();
    const stop = new AbortController();
    const { copier } = world;
    world.copier = {
      async copy(source, target) {
        stop.abort(reason);
        return copier.copy(source, target);
      },
    };
    const { report } = await world.run({}, { signal: stop.signal, stop: PATIENT });
    assert.deepEqual(
      report.images.map(({ outcome }) => outcome),
      ['mirrored', 'interrupted', 'interrupted'],
    );
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
  });
});

describe('a run that is stopped ends, whatever hangs', () => {
  test('a copier that never returns', async () => {
    const world = threeImages();
    const result = await stopOnceHung(world, (hung) => {
      world.copier = hangingCopier(world, 'b:1', hung);
    });
    assert.deepEqual(
      result.report.images.map(({ outcome }) => outcome),
      ['mirrored', 'interrupted', 'interrupted'],
    );
    assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
    assert.equal(result.report.map.error, undefined);
  });

  for (const [name, operation] of Object.entries({
    'a source that never tells a digest': `source.getManifest ${SOURCE}/b:1`,
    'a target that never tells a digest': `target.head ${TARGET}/b:1`,
    'a verifier that never decides': `verify ${imageOf('b:1').digest}`,
    'a source that never sends a blob': `source.openBlob ${SOURCE}/b`,
  })) {
    test(name, async () => {
      const world = threeImages();
      const { report } = await stopOnceHung(world, hangBefore(world, operation));
      assert.equal(report.totals.mirrored, 1);
      assert.equal(report.totals.interrupted, 2);
      assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);
    });
  }

  for (const operation of ['releases', 'store.read']) {
    test(`${operation} that never answers`, async () => {
      const world = threeImages();
      await assert.rejects(stopOnceHung(world, hangBefore(world, operation)), reason);
    });
  }

  test('a store that never takes the map: it is said that the next run records', async () => {
    const world = threeImages();
    const { report, exitCode } = await stopOnceHung(
      world,
      hangBefore(world, 'store.write'),
      ALL_SOON,
    );
    assert.equal(report.totals.mirrored, 1, 'the first write hangs beside the other images');
    assert.equal(report.map.error?.code, 'MAP_UNAVAILABLE');
    assert.match(report.map.error?.message ?? '', /stopped.*memory:map.*next run records/);
    assert.equal(exitCode, 6);
  });

  test('a target that never says whether it still serves: the map is left as it is', async () => {
    const world = threeImages();
    const { copier } = world;
    const { report } = await stopOnceHung(
      world,
      (hung) => {
        world.copier = {
          async copy(source, target, options) {
            const result = await copier.copy(source, target, options);
            hangBefore(world, 'target.head')(hung);
            return result;
          },
        };
      },
      ALL_SOON,
    );
    assert.equal(report.map.error?.code, 'MAP_UNAVAILABLE');
    assert.equal(world.store.text, undefined);
  });

  test('a map that others never leave alone', async () => {
    const world = threeImages('# map\n');
    const { report } = await stopOnceHung(
      world,
      (hung) => {
        world.store.onWrite = () => {
          hung();
          world.store.editByHand(`# again\n${world.store.text}`);
        };
      },
      ALL_SOON,
    );
    assert.equal(report.map.error?.code, 'MAP_UNAVAILABLE');
    assert.match(world.store.text ?? '', /^(?:# again\n)+# map\n$/);
  });
});
