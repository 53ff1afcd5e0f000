import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { rewriteIndexes } from '../../../src/copiers/rewritten-index.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { MediaType, parseManifest, type Manifest } from '../../../src/registry/manifest.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { startCopierFixture, type HttpCopierFixture } from '../../support/copier-fixture.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  push,
  tagOf,
  type TestImage,
} from '../../support/images.ts';

const AMD64 = 'linux/amd64';

/** Registries of which the target takes no index that leads nowhere. */
async function setUp(
  t: TestContext,
): Promise<HttpCopierFixture & { readonly records: readonly LogRecord[] }> {
  const records: LogRecord[] = [];
  const fixture = await startCopierFixture({
    referrersApi: true,
    createCopier: ({ source, target }) =>
      createRegistryCopier({
        source,
        target,
        signatures: true,
        lookAgainAfter: [0],
        logger: createLogger((record) => records.push(record)),
        platforms: [parsePlatform(AMD64)],
        rewriteIndex: true,
      }),
  });
  t.after(() => fixture[Symbol.asyncDispose]());
  return Object.assign(fixture, { records });
}

function image(name: string): TestImage {
  return buildImage({ seed: 'rewritten', platform: parsePlatform(name) });
}

function index(format: 'oci' | 'docker' = 'oci'): TestImage {
  const children = [AMD64, 'linux/arm64'].map(image);
  return buildIndex({ format, children, attestations: true });
}

function membersOf({ bytes, mediaType }: Pick<Manifest, 'bytes' | 'mediaType'>): readonly Digest[] {
  const manifest = parseManifest(bytes, mediaType);
  return manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [];
}

describe('an index that is rewritten', () => {
  for (const format of ['oci', 'docker'] as const) {
    test(`lists what is copied, under a digest of its own: ${format}`, async (t) => {
      const world = await setUp(t);
      const what = index(format);
      push(world.source('app'), what);
      const from = world.from('app', what.digest);
      const copier = world.newCopier();

      const result = await copier.copy(from, world.to('app', '1'));

      const stored = world.target('app').find('1') ?? assert.fail();
      assert.notEqual(stored.digest, what.digest);
      assert.equal(result.digest, stored.digest);
      assert.deepEqual(result.rewritten, { from: what.digest, to: stored.digest });
      assert.deepEqual(result.omitted, ['linux/arm64']);
      const [child, attestation, ...more] = membersOf(stored);
      assert.deepEqual([child, more], [image(AMD64).digest, []]);
      assert.ok(attestation !== undefined && world.target('app').find(attestation));
      assert.equal(world.target('app').find(what.digest), undefined);
      assert.equal(await copier.copiedDigest?.(from), stored.digest);
    });
  }

  test('keeps all that stands beside its list, and indexes within it', async (t) => {
    const world = await setUp(t);
    const inner = index();
    const outer = buildIndex({ children: [inner], annotations: { kept: 'yes' } });
    push(world.source('app'), outer);
    await world.newCopier().copy(world.from('app', outer.digest), world.to('app', '1'));
    const stored = world.target('app').find('1') ?? assert.fail();
    assert.match(Buffer.from(stored.bytes).toString(), /"kept":"yes"/);
    const [within = ''] = membersOf(stored);
    const nested = world.target('app').find(within) ?? assert.fail();
    assert.equal(membersOf(nested)[0], image(AMD64).digest);
    assert.match(Buffer.from(stored.bytes).toString(), new RegExp(`"size":${nested.bytes.length}`));
  });

  test('gets no signature that is not on it; those of its images go along', async (t) => {
    const world = await setUp(t);
    const what = index();
    push(world.source('app'), what);
    for (const { digest } of [what, image(AMD64)]) {
      const layers = [{ mediaType: 'text/plain', bytes: Buffer.from(digest) }];
      push(world.source('app'), buildArtifact({ layers }), tagOf(digest, '.sig'));
    }
    await world.newCopier().copy(world.from('app', what.digest), world.to('app', '1'));
    const { tags } = world.target('app');
    assert.deepEqual([...tags.keys()].toSorted(), ['1', tagOf(image(AMD64).digest, '.sig')]);
  });

  test('is said to void signatures', async (t) => {
    const world = await setUp(t);
    world.newCopier();
    const said = world.records.filter(({ level }) => level === 'warn');
    assert.match(said.map(({ message }) => message).join('\n'), /none applies to what the target/);
  });

  test('is known again: nothing is written twice', async (t) => {
    const world = await setUp(t);
    const what = index();
    push(world.source('app'), what);
    const from = world.from('app', what.digest);
    const { digest } = await world.newCopier().copy(from, world.to('app', '1'));
    world.forget();
    const atTarget = { digest, seenAt: performance.now() };
    const again = await world.newCopier().copy(from, world.to('app', '1'), { atTarget });
    assert.equal(again.digest, digest);
    assert.deepEqual(world.writes, []);
  });

  test('does not take the place of the whole one', async (t) => {
    const world = await setUp(t);
    const what = index();
    push(world.source('app'), what);
    push(world.target('app'), what, '1');
    const atTarget = { digest: what.digest, seenAt: performance.now() };
    const from = world.from('app', what.digest);
    const result = await world.newCopier().copy(from, world.to('app', '1'), { atTarget });
    assert.equal(result.digest, what.digest);
    assert.deepEqual(world.writes, []);
  });
});

test('an image by itself, and an index of nothing else, stay what they are', async (t) => {
  const world = await setUp(t);
  const single = image('linux/arm64');
  const only = buildIndex({ children: [image(AMD64)] });
  for (const what of [single, only]) {
    push(world.source('app'), what);
    const from = world.from('app', what.digest);
    const copier = world.newCopier();
    const { digest, rewritten } = await copier.copy(from, world.to('app', 'x'));
    assert.deepEqual([digest, rewritten], [what.digest, undefined]);
    assert.equal(await copier.copiedDigest?.(from), what.digest);
  }
});

function entry(digest: Digest, architecture: string): unknown {
  const platform = { architecture, os: 'linux' };
  return { mediaType: MediaType.ociManifest, digest, size: 7, platform };
}

test('what comes of an index is the same for ever: targets are full of it', () => {
  const [kept, left] = (['a', 'b'] as const).map((hex): Digest => `sha256:${hex.repeat(64)}`);
  assert(kept && left);
  const manifests = [entry(kept, 'amd64'), entry(left, 'arm64')];
  const body = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests, annotations: {} };
  const manifest = parseManifest(Buffer.from(JSON.stringify(body, undefined, 2)), body.mediaType);
  const tree = {
    digest: manifest.digest,
    manifest,
    children: [{ digest: kept, manifest: undefined, children: [] }],
    omitted: [parsePlatform('linux/arm64')],
  };
  const { manifest: rewritten, digest } = rewriteIndexes(tree);
  assert.equal(
    Buffer.from(rewritten?.bytes ?? []).toString(),
    `{"schemaVersion":2,"mediaType":"${MediaType.ociIndex}","manifests":[{"mediaType":"${MediaType.ociManifest}","digest":"${kept}","size":7,"platform":{"architecture":"amd64","os":"linux"}}],"annotations":{}}`,
  );
  assert.equal(digest, rewritten?.digest);
});
