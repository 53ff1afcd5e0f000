import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { RegistryError, SignatureError } from '../../../src/errors.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { createInspector, type Inspector } from '../../../src/mirror/inspect.ts';
import type { RunDependencies } from '../../../src/mirror/run.ts';
import { buildMultiArch } from '../../support/images.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { imageOf, reportOn, TARGET, World } from './world.ts';

/** A world whose runs repair. */
class RepairWorld extends World {
  readonly there: FakeSignatureVerifier = new FakeSignatureVerifier();
  inspector: Inspector | undefined = createInspector({
    target: this.target,
    signatures: {
      mode: 'enforce',
      atSource: this.verifier,
      atTarget: async (image, _source, options) => this.there.verify(image, options),
    },
  });

  override get dependencies(): RunDependencies {
    const { inspector } = this;
    return inspector === undefined ? super.dependencies : { ...super.dependencies, inspector };
  }

  /** Announced, mirrored, signed, and then a blob of each of `broken` is lost. */
  async mirrored(names: readonly string[], broken: readonly string[]): Promise<this> {
    for (const { digest } of this.publishAtVendor(...names)) this.there.accept(digest);
    await this.run();
    // The next run is another process: it remembers nothing of what this one brought.
    this.copier = createRegistryCopier({
      source: this.source,
      target: this.target,
      signatures: true,
      lookAgainAfter: [0],
    });
    for (const name of broken) this.breakImage(name);
    this.operations.length = 0;
    return this;
  }

  breakImage(name: string): void {
    const store = this.target.repository(`${TARGET}/${name.split(':')[0]}`);
    for (const digest of imageOf(name).blobs.keys()) store.blobs.delete(digest);
  }

  isWhole(name: string): boolean {
    const { blobs } = this.target.repository(`${TARGET}/${name.split(':')[0]}`);
    return [...imageOf(name).blobs.keys()].every((digest) => blobs.has(digest));
  }
}

test('a broken image is copied again, and the report says what was wrong with it', async () => {
  const world = await new RepairWorld().mirrored(['a:1', 'b:1'], ['a:1']);
  const { writes } = world.store;
  const result = await world.run();
  assert.equal(result.exitCode, 0);
  assert.ok(world.isWhole('a:1'));
  const { action, outcome, reason, repaired, verification } = reportOn(result, 'a:1');
  assert.deepEqual(
    { action, outcome, repaired },
    { action: 'copy', outcome: 'mirrored', repaired: true },
  );
  assert.match(reason, /^broken at the target: .* has lost 2 parts of it: blob sha256:/);
  assert.ok(verification, 'it was verified before it was copied');
  assert.equal(reportOn(result, 'b:1').outcome, 'unchanged');
  assert.equal(world.store.writes, writes, 'the map says so already');
});

test('a signature that is lost is brought back', async () => {
  const world = await new RepairWorld().mirrored(['a:1'], []);
  const { digest } = imageOf('a:1');
  world.there.refuse(digest, new SignatureError('SIGNATURE_MISSING', 'not signed.'));
  const { copier } = world;
  world.copier = {
    copy: async (...args) => {
      world.there.accept(digest);
      return copier.copy(...args);
    },
  };
  const report = reportOn(await world.run(), 'a:1');
  assert.equal(report.repaired, true);
  assert.match(report.reason, /no signature is found with/);
});

test('an image that is whole but not in the map is recorded; a broken one is mended first', async () => {
  const world = await new RepairWorld().mirrored(['a:1', 'b:1'], ['b:1']);
  world.store.editByHand('# begun anew\n');
  const result = await world.run();
  assert.equal(reportOn(result, 'a:1').outcome, 'recorded');
  assert.equal(reportOn(result, 'b:1').outcome, 'mirrored');
  world.assertMapIsTrue('a:1', 'b:1');
  assert.equal(world.mapped('b:1'), `${TARGET}/b:1`);
});

test('a rewritten index is mended as what it was rewritten to', async () => {
  const world = new RepairWorld();
  const platforms = [parsePlatform('linux/amd64')];
  const nextRun = (): void => {
    const { source, target } = world;
    const options = { platforms, rewriteIndex: true, signatures: true, lookAgainAfter: [0] };
    world.copier = createRegistryCopier({ source, target, ...options });
    world.inspector = createInspector({ target, platforms, signatures: undefined });
  };
  nextRun();
  const image = buildMultiArch('a');
  world.announce('a:1');
  world.atSource('a:1', image);
  world.verifier.accept(image.digest);
  await world.run();
  const rewritten = world.served('a:1');
  assert.notEqual(rewritten, image.digest);
  const { blobs } = world.target.repository(`${TARGET}/a`);
  const held = [...blobs.keys()];
  blobs.clear();
  nextRun();
  const result = await world.run();
  assert.equal(reportOn(result, 'a:1').repaired, true, JSON.stringify(result.report.images));
  assert.deepEqual([...blobs.keys()].toSorted(), held.toSorted());
  assert.equal(world.served('a:1'), rewritten);
});

test('an image that is not accepted any more is not copied again', async () => {
  const world = await new RepairWorld().mirrored(['a:1'], ['a:1']);
  const refused = new SignatureError('SIGNER_UNTRUSTED', 'a stranger.');
  world.verifier.refuse(imageOf('a:1').digest, refused);
  const result = await world.run();
  assert.equal(result.exitCode, 4);
  assert.ok(!world.isWhole('a:1'));
});

test('an image that stays broken is a failure, and the map is not led to it', async () => {
  const world = await new RepairWorld().mirrored(['a:1', 'b:1'], ['a:1']);
  world.store.editByHand('# begun anew\n');
  world.target.putBlob = () => Promise.resolve('uploaded');
  const result = await world.run();
  assert.equal(result.exitCode, 3);
  const { outcome, error, repaired } = reportOn(result, 'a:1');
  assert.deepEqual([outcome, error?.code, repaired], ['failed', 'REGISTRY_REFUSED', undefined]);
  assert.match(error?.message ?? '', /still broken at the target: .* has lost 2 parts of it/);
  assert.equal(world.mapped('a:1'), undefined);
  assert.equal(reportOn(result, 'b:1').outcome, 'recorded');
});

test('a target that cannot be looked at fails that image alone', async () => {
  const world = await new RepairWorld().mirrored(['a:1', 'b:1'], ['b:1']);
  world.before = (operation) => {
    if (operation.startsWith('target.hasBlob') && operation.includes('/a@')) {
      throw new RegistryError('REGISTRY_UNAVAILABLE', '503', { side: 'target' });
    }
  };
  const result = await world.run();
  assert.equal(reportOn(result, 'a:1').outcome, 'failed');
  assert.equal(reportOn(result, 'b:1').repaired, true);
});

describe('is left as it is', () => {
  test('what the source no longer has, or has another of', async () => {
    const world = await new RepairWorld().mirrored(['a:1', 'b:1'], ['a:1', 'b:1']);
    world.source.repository('docker.io/atlanhq/a').tags.clear();
    world.atSource('b:1', imageOf('b:1', '2021-01-01T00:00:00Z'));
    const result = await world.run();
    assert.equal(reportOn(result, 'a:1').outcome, 'unchanged');
    assert.equal(reportOn(result, 'b:1').error?.code, 'TARGET_CONFLICT');
  });

  test("what somebody's own entry sends elsewhere", async () => {
    const world = await new RepairWorld().mirrored(['a:1'], ['a:1']);
    world.store.editByHand(`images:\n  "atlanhq/a:1": "${TARGET}/a@${imageOf('a:1').digest}"\n`);
    const result = await world.run();
    assert.equal(reportOn(result, 'a:1').outcome, 'unchanged');
    assert.ok(!world.isWhole('a:1'));
  });

  test('a broken image, by a run that stops short of copying', async () => {
    const world = await new RepairWorld().mirrored(['a:1'], ['a:1']);
    const report = reportOn(await world.run({ until: 'verify' }), 'a:1');
    assert.deepEqual(
      { action: report.action, outcome: report.outcome, repaired: report.repaired },
      { action: 'copy', outcome: 'planned', repaired: undefined },
    );
    assert.ok(!world.isWhole('a:1'));
  });

  test('a broken image, by a plain run: it costs two HEADs an image', async () => {
    const world = await new RepairWorld().mirrored(['a:1'], ['a:1']);
    world.inspector = undefined;
    const result = await world.run();
    assert.equal(reportOn(result, 'a:1').outcome, 'unchanged');
    assert.deepEqual(
      world.operations.filter((operation) => /^(?:source|target)\./.test(operation)).toSorted(),
      ['source.head docker.io/atlanhq/a:1', `target.head ${TARGET}/a:1`],
    );
  });
});
