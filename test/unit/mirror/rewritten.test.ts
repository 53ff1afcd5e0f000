import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { SignatureError } from '../../../src/errors.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { buildMultiArch, type TestImage } from '../../support/images.ts';
import { imageOf, reportOn, SOURCE, TARGET, World } from './world.ts';

/** A job that leaves platforms out and rewrites indexes, and the vendor's signed image for several. */
function rewriting(): { readonly world: World; readonly image: TestImage } {
  const world = new World();
  world.announce('a:1');
  const image = buildMultiArch('a');
  world.atSource('a:1', image);
  world.verifier.accept(image.digest);
  world.copier = createRegistryCopier({
    source: world.source,
    target: world.target,
    signatures: true,
    lookAgainAfter: [0],
    platforms: [parsePlatform('linux/amd64')],
    rewriteIndex: true,
  });
  return { world, image };
}

test('a rewritten index is mirrored once the original is verified, and is no drift later', async () => {
  const { world, image } = rewriting();

  const first = await world.run();
  const rewritten = world.served('a:1');
  const { outcome, digest, copy, verification } = reportOn(first, 'a:1');
  assert.equal(outcome, 'mirrored', JSON.stringify(first.report.images));
  assert.deepEqual([digest, verification?.digest], [image.digest, image.digest]);
  assert.deepEqual(copy?.rewritten, { from: image.digest, to: rewritten });
  assert.equal(world.mapped('a:1'), `${TARGET}/a:1`);

  world.operations.length = 0;
  const second = await world.run();
  assert.equal(reportOn(second, 'a:1').outcome, 'unchanged');
  assert.deepEqual(
    world.operations.filter((operation) => /^(?:source|target)/.test(operation)),
    [
      `source.head ${SOURCE}/a:1`,
      `target.head ${TARGET}/a:1`,
      `source.getManifest ${SOURCE}/a@${image.digest}`,
    ],
  );

  // The entry alone is missing.
  world.store.editByHand('# somebody began anew\n');
  const third = await world.run();
  assert.equal(reportOn(third, 'a:1').outcome, 'recorded');
  assert.equal(world.served('a:1'), rewritten);
});

test('an original that nobody signed is not rewritten either', async () => {
  const { world, image } = rewriting();
  world.verifier.refuse(image.digest, new SignatureError('SIGNATURE_INVALID', 'not theirs'));
  const result = await world.run();
  assert.equal(result.exitCode, 4);
  assert.equal(world.served('a:1'), undefined);
});

test("another image under the tag is somebody else's, as ever", async () => {
  const { world } = rewriting();
  const other = imageOf('other');
  world.atTarget('a:1', other);
  const result = await world.run();
  assert.equal(reportOn(result, 'a:1').error?.code, 'TARGET_CONFLICT');
  assert.equal(world.served('a:1'), other.digest);
});

test('a whole image that is there already stays whole', async () => {
  const { world, image } = rewriting();
  world.atTarget('a:1', image);
  const result = await world.run();
  assert.equal(reportOn(result, 'a:1').outcome, 'recorded');
  assert.equal(world.served('a:1'), image.digest);
});
