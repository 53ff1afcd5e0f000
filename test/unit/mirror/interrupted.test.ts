import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseManifest } from '../../../src/registry/manifest.ts';
import { buildArtifact, buildMultiArch, push } from '../../support/images.ts';
import { imageOf, SOURCE, TARGET, World } from './world.ts';

const GOOD = ['a:1', 'b:1', 'multi:1'] as const;
const UNSIGNED = 'unsigned:1';
const MULTI = buildMultiArch('multi', { layers: [64] });
const SIGNATURE = buildArtifact({
  subject: MULTI.descriptor,
  artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  layers: [{ mediaType: 'application/octet-stream', bytes: Buffer.from('signature') }],
});
const TEXT = '# by hand\nimages:\n  "x/other:1": "y/other:1" # stays\n';
/** Nothing is left behind, however slow this machine is. */
const PATIENT = { imagesMs: 60_000, publishMs: 60_000 };

class Killed extends Error {}

/** Two plain images, an index with a signature, and an image that nobody signed. */
function prepare(): World {
  const world = new World(TEXT);
  world.publishAtVendor('a:1', 'b:1');
  world.announce('multi:1', UNSIGNED);
  world.atSource('multi:1', MULTI);
  push(world.source.repository(`${SOURCE}/multi`), SIGNATURE);
  world.atSource(UNSIGNED, imageOf(UNSIGNED));
  world.verifier.accept(MULTI.digest);
  world.settings = { ...world.settings, concurrency: 2 };
  return world;
}

function digestOfGood(name: string): string {
  return name === 'multi:1' ? MULTI.digest : imageOf(name).digest;
}

/** What holds at every instant, whatever has happened. */
function assertConsistent(world: World): void {
  for (const name of GOOD) {
    const served = world.served(name);
    if (world.mapped(name) !== undefined) assert.ok(served, `the map leads to ${name}`);
    if (served === undefined) continue;
    assert.equal(served, digestOfGood(name));
    const repository = world.target.repository(`${TARGET}/${name.split(':')[0]}`);
    for (const { bytes, mediaType } of repository.manifests.values()) {
      assert.deepEqual(repository.missing(parseManifest(bytes, mediaType)), [], name);
    }
  }
  assert.equal(world.served(UNSIGNED), undefined);
  assert.equal(world.mapped(UNSIGNED), undefined);
  assert.ok(world.store.text?.startsWith(TEXT));
}

/** A run that nothing disturbs does all that is left. */
async function assertNextRunCompletes(world: World): Promise<void> {
  world.before = () => undefined;
  world.after = () => undefined;
  const { exitCode, report } = await world.run();
  assert.equal(exitCode, 4, 'only the unsigned image fails');
  assert.equal(report.totals.failed, 1);
  for (const name of GOOD) {
    assert.equal(world.served(name), digestOfGood(name));
    assert.equal(world.mapped(name), `${TARGET}/${name}`);
  }
  const signatures = world.target.repository(`${TARGET}/multi`).referrers(MULTI.digest);
  assert.equal(signatures[0]?.digest, SIGNATURE.digest, 'the signature has come along');
  assertConsistent(world);
}

/** The run after that asks each side once for each image, and that is all. */
async function assertNothingIsLeftToDo(world: World): Promise<void> {
  world.operations.length = 0;
  await world.run();
  assert.deepEqual(
    world.operations.filter((operation) => !/unsigned|^verify/.test(operation)).toSorted(),
    [
      'releases',
      ...GOOD.map((name) => `source.head ${SOURCE}/${name}`),
      'store.read',
      ...GOOD.map((name) => `target.head ${TARGET}/${name}`),
    ].toSorted(),
  );
}

/** Disturbs a run at its first operation, the next one at its second, and so on to the last. */
async function atEveryOperation(
  disturb: (world: World, nth: number) => Promise<boolean>,
): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const world = prepare();
    const wasDisturbed = await disturb(world, nth);
    assertConsistent(world);
    if (!wasDisturbed) return nth - 1;
    await assertNextRunCompletes(world);
    // The same world at every turn by now: a sample is enough.
    if (nth % 8 === 1) await assertNothingIsLeftToDo(world);
  }
}

describe('promise 5: interrupt it anywhere', () => {
  test('stopped at any single operation, the next run completes the work', async () => {
    const count = await atEveryOperation(async (world, nth) => {
      const stop = new AbortController();
      world.before = () => {
        if (world.operations.length === nth) stop.abort(new Error('stop'));
      };
      try {
        await world.run({}, { signal: stop.signal, stop: PATIENT });
      } catch (error) {
        assert.equal(error, stop.signal.reason);
      }
      return stop.signal.aborted;
    });
    assert.ok(count > 40, `${count} operations were tried`);
  });

  test('killed before any single operation, the next run completes the work', async () => {
    const count = await atEveryOperation(async (world, nth) => {
      let isDead = false;
      world.before = () => {
        isDead ||= world.operations.length === nth;
        if (isDead) throw new Killed();
      };
      await untilKilled(world);
      return isDead;
    });
    assert.ok(count > 40, `${count} operations were tried`);
  });

  test('killed after any single write, before its answer came, the next run completes the work', async () => {
    const count = await atEveryOperation(async (world, nth) => {
      let writes = 0;
      world.before = () => {
        if (writes >= nth) throw new Killed();
      };
      world.after = () => {
        writes += 1;
        if (writes >= nth) throw new Killed();
      };
      await untilKilled(world);
      return writes >= nth;
    });
    assert.ok(count > 15, `${count} writes were tried`);
  });
});

async function untilKilled(world: World): Promise<void> {
  try {
    await world.run();
  } catch (error) {
    assert.ok(error instanceof Killed);
  }
}
