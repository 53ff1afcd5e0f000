import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError } from '../../src/errors.ts';
import type { CopyProgress, ImageCopier } from '../../src/copiers/image-copier.ts';
import { digestOf, MediaType, parseManifest } from '../../src/registry/manifest.ts';
import type { Digest, DigestReference, TagReference } from '../../src/registry/reference.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  buildLayer,
  buildMultiArch,
  push,
  tagOf,
  type TestImage,
} from '../support/images.ts';
import type { RepositoryStore } from '../support/registry/store.ts';
import { imageCopierRepairs } from './image-copier-repair.ts';

/** Two registries, a copier between them, and a hand on what they answer. */
export interface CopierFixture extends AsyncDisposable {
  /** What a repository of the source holds. */
  source(repository: string): RepositoryStore;
  target(repository: string): RepositoryStore;
  from(repository: string, digest: Digest): DigestReference;
  to(repository: string, tag: string): TagReference;
  /** A copier as a new run has it. */
  newCopier(): ImageCopier;
  /** What the target accepted since the start or the last `forget`, in that order. */
  readonly writes: readonly TargetWrite[];
  forget(): void;
  /** Runs before the target accepts anything. */
  beforeWrite(hook: () => void): void;
  /** Makes the target answer a HEAD of a manifest with this digest, whatever it holds. */
  claim(repository: string, reference: string, digest: Digest): void;
}

export interface TargetWrite {
  readonly kind: 'manifest' | 'blob';
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  readonly how: 'sent' | 'mounted';
}

export interface CopierFixtureOptions {
  /** Whether the target has the referrers API. */
  readonly referrersApi: boolean;
}

export interface ImageCopierTraits {
  /** Whether a blob crosses once for all images of a run; skopeo knows one image at a time. */
  readonly sharesBlobs: boolean;
  /** Writes from one tried interruption to the next: 1 tries all, more where a copy takes time. */
  readonly stopEvery: number;
  /** Whether the source can be made to hold what is corrupt; somebody else's registry refuses it. */
  readonly holdsCorrupt?: boolean;
  /** Whether the source has the referrers API. */
  readonly sourceLists?: boolean;
}

const SIGNATURE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** What every copier promises. */
export function imageCopierContract(
  name: string,
  create: (options: CopierFixtureOptions) => Promise<CopierFixture>,
  { sharesBlobs, stopEvery, holdsCorrupt = true, sourceLists = true }: ImageCopierTraits,
): void {
  const start = (options: Partial<CopierFixtureOptions> = {}): Promise<CopierFixture> =>
    create({ referrersApi: true, ...options });

  describe(`image copier: ${name}`, () => {
    imageCopierRepairs(start, attachEverywhere, stopEvery === 1 ? 1 : 8);

    for (const format of ['oci', 'docker'] as const) {
      test(`copies one platform's image, ${format} media types, byte for byte`, async (t) => {
        const fixture = await start();
        t.after(() => fixture[Symbol.asyncDispose]());
        const image = buildImage({ seed: 'single', format });
        push(fixture.source('app'), image, '1.0');
        const result = await copy(fixture, image);
        assert.equal(result.digest, image.digest);
        assertHolds(fixture.target('mirrored'), image, '1.0');
        assert.equal(result.attachments, 0);
      });

      test(`copies an index with attestations, ${format} media types`, async (t) => {
        const fixture = await start();
        t.after(() => fixture[Symbol.asyncDispose]());
        const index = buildMultiArch('multi', { format });
        push(fixture.source('app'), index, '1.0');
        await copy(fixture, index);
        assertHolds(fixture.target('mirrored'), index, '1.0');
      });
    }

    test('copies an index within an index', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const nested = buildIndex({
        children: [buildMultiArch('inner'), buildImage({ seed: 'outer' })],
        annotations: { 'org.opencontainers.image.version': '1.0' },
      });
      push(fixture.source('app'), nested);
      await copy(fixture, nested);
      assertHolds(fixture.target('mirrored'), nested, '1.0');
    });

    test('writes blobs before their manifest, children before the index, the tag last', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const index = buildMultiArch('order');
      push(fixture.source('app'), index);
      attachEverywhere(fixture.source('app'), index);
      await copy(fixture, index);

      const written = new Set<string>();
      for (const write of fixture.writes) {
        if (write.kind === 'manifest') {
          const stored = fixture.target('mirrored').find(write.reference);
          assert(stored);
          for (const needed of referencesOf(stored.bytes, stored.mediaType)) {
            assert(written.has(needed), `${write.reference} was written before ${needed}`);
          }
        }
        written.add(digestWritten(fixture, write));
      }
      const last = fixture.writes.at(-1);
      assert.equal(last?.reference, '1.0');
      assert.equal(fixture.writes.filter(({ reference }) => reference === '1.0').length, 1);
    });

    test(
      'a blob shared by images is sent once, then mounted',
      { skip: !sharesBlobs && 'one image at a time' },
      async (t) => {
        const fixture = await start();
        t.after(() => fixture[Symbol.asyncDispose]());
        const base = [buildLayer('base', 100_000)];
        const images = ['a', 'b', 'c'].map((seed) => buildImage({ seed, base }));
        for (const image of images) push(fixture.source('app'), image);
        const copier = fixture.newCopier();
        const results = await Promise.all(
          images.map(({ digest }, index) =>
            copier.copy(fixture.from('app', digest), fixture.to(`mirrored-${index}`, '1.0')),
          ),
        );
        const [layer] = base;
        assert(layer);
        const hows = fixture.writes
          .filter(({ reference }) => reference === digestOf(layer.bytes))
          .map(({ how }) => how);
        assert.deepEqual(hows.toSorted(), ['mounted', 'mounted', 'sent']);
        assert.equal(
          results.reduce((sum, { blobs }) => sum + blobs.mounted, 0),
          2,
        );
        images.forEach((image, index) =>
          assertHolds(fixture.target(`mirrored-${index}`), image, '1.0'),
        );
      },
    );

    test('a second copy moves no blob and writes no manifest but the tag', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const index = buildMultiArch('twice');
      push(fixture.source('app'), index);
      attachEverywhere(fixture.source('app'), index);
      await copy(fixture, index);
      fixture.forget();
      const again = await copy(fixture, index);
      assert.deepEqual(
        fixture.writes.filter(({ reference }) => reference !== '1.0'),
        [],
      );
      assert.equal(again.bytes, 0);
      assertHolds(fixture.target('mirrored'), index, '1.0');
    });

    test('what is there under another tag gets the new tag alone', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'retag' });
      push(fixture.source('app'), image);
      push(fixture.target('mirrored'), image, '0.9');
      await copy(fixture, image);
      assert.deepEqual(
        fixture.writes.map(({ reference }) => reference),
        ['1.0'],
      );
    });

    for (const referrersApi of [true, false]) {
      const where = referrersApi ? 'with' : 'without';
      test(`carries signatures of the index and of each child, target ${where} referrers API`, async (t) => {
        const fixture = await start({ referrersApi });
        t.after(() => fixture[Symbol.asyncDispose]());
        const index = buildMultiArch('signed');
        push(fixture.source('app'), index);
        const attached = attachEverywhere(fixture.source('app'), index);
        const result = await copy(fixture, index);
        assert.equal(result.attachments, attached.length);
        const target = fixture.target('mirrored');
        for (const { image, tag, subject } of attached) {
          assertHolds(target, image, ...(tag === undefined ? [] : [tag]));
          if (tag === undefined && !referrersApi) {
            assert(fallbackOf(target, subject).includes(image.digest));
          }
        }
      });
    }

    test('carries what only a fallback tag lists, and nothing that merely stands there', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'fallback' });
      const source = fixture.source('app');
      push(source, image);
      const bundle = bundleFor(image, 'one');
      // Both name a subject; the second names another one and is none of ours.
      const stranger = bundleFor(buildImage({ seed: 'other' }), 'stranger');
      pushHidden(source, bundle);
      pushHidden(source, stranger);
      push(source, buildIndex({ children: [bundle, stranger] }), tagOf(image.digest));
      await copy(fixture, image);
      assertHolds(fixture.target('mirrored'), bundle);
      assert.equal(fixture.target('mirrored').find(stranger.digest), undefined);
    });

    test(
      'an image under its own fallback tag is not taken for a list',
      { skip: !sourceLists && 'the source has no other list' },
      async (t) => {
        const fixture = await start({ referrersApi: false });
        t.after(() => fixture[Symbol.asyncDispose]());
        const index = buildMultiArch('gitlab');
        push(fixture.source('app'), index, tagOf(index.digest));
        const bundle = bundleFor(index, 'one');
        push(fixture.source('app'), bundle);
        push(fixture.target('mirrored'), index, tagOf(index.digest));
        const result = await copy(fixture, index);
        assert.equal(result.attachments, 1);
        assert.deepEqual(fallbackOf(fixture.target('mirrored'), index.digest), [bundle.digest]);
      },
    );

    test('entries of others stay in the fallback list of the target', async (t) => {
      const fixture = await start({ referrersApi: false });
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'shared list' });
      push(fixture.source('app'), image);
      const bundle = bundleFor(image, 'vendor');
      push(fixture.source('app'), bundle);
      const scan = bundleFor(image, 'scan report');
      push(fixture.target('mirrored'), scan);
      const list = buildIndex({ children: [scan], annotations: { kept: 'yes' } });
      push(fixture.target('mirrored'), list, tagOf(image.digest));
      await copy(fixture, image);
      const target = fixture.target('mirrored');
      assert.deepEqual(fallbackOf(target, image.digest), [scan.digest, bundle.digest]);
      const stored = target.find(tagOf(image.digest));
      assert(stored);
      assert.match(Buffer.from(stored.bytes).toString(), /"kept":"yes"/);
    });

    test('a signature made at the target stays beside the one that comes', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'countersigned' });
      push(fixture.source('app'), image);
      push(fixture.source('app'), classicFor(image, 'vendor'), tagOf(image.digest, '.sig'));
      push(fixture.target('mirrored'), classicFor(image, 'ours'), tagOf(image.digest, '.sig'));
      await copy(fixture, image);
      const stored = fixture.target('mirrored').find(tagOf(image.digest, '.sig'));
      assert(stored);
      const text = Buffer.from(stored.bytes).toString();
      assert.match(text, /by ours/);
      assert.match(text, /by vendor/);
      fixture.forget();
      await copy(fixture, image);
      assert.deepEqual(
        fixture.writes.filter(({ reference }) => reference.endsWith('.sig')),
        [],
      );
    });

    test('carries the signature of an SBOM that is itself attached', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'sbom' });
      push(fixture.source('app'), image);
      const layers = [{ mediaType: 'application/spdx+json', bytes: Buffer.from('{"spdx":1}') }];
      const sbom = buildArtifact({
        subject: image.descriptor,
        artifactType: 'application/spdx+json',
        layers,
      });
      const signature = bundleFor(sbom, 'sbom');
      push(fixture.source('app'), sbom);
      push(fixture.source('app'), signature);
      const result = await copy(fixture, image);
      assert.equal(result.attachments, 2);
      assertHolds(fixture.target('mirrored'), sbom);
      assertHolds(fixture.target('mirrored'), signature);
    });

    test('an index attached to its own child is copied without going in circles', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const child = buildImage({ seed: 'child' });
      const index = buildIndex({ children: [child], subject: child.descriptor });
      push(fixture.source('app'), index);
      const result = await copy(fixture, index);
      assert.equal(result.attachments, 1);
      assertHolds(fixture.target('mirrored'), index, '1.0');
    });

    test(
      'refuses a corrupted blob and writes no tag',
      { skip: !holdsCorrupt && 'a registry that refuses what is corrupt' },
      async (t) => {
        const fixture = await start();
        t.after(() => fixture[Symbol.asyncDispose]());
        const image = buildImage({ seed: 'corrupted', layers: [200_000] });
        push(fixture.source('app'), image);
        corrupt(fixture.source('app'), image);
        await assert.rejects(copy(fixture, image), isRegistryError('DIGEST_MISMATCH', 'source'));
        assert.equal(fixture.target('mirrored').tags.size, 0);
        assert.equal(fixture.target('mirrored').manifests.size, 0);
      },
    );

    test('names the source when the image is not there', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'absent' });
      push(fixture.source('app'), buildImage({ seed: 'another' }));
      await assert.rejects(copy(fixture, image), isRegistryError('REGISTRY_NOT_FOUND', 'source'));
    });

    test('sends again what the target claims to hold and lacks', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const index = buildMultiArch('claimed');
      push(fixture.source('app'), index);
      const [child] = index.manifests;
      assert(child);
      fixture.claim('mirrored', child.digest, child.digest);
      await copy(fixture, index);
      assertHolds(fixture.target('mirrored'), index, '1.0');
    });

    test('fails when the target serves another digest under the tag', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'mismatch' });
      push(fixture.source('app'), image);
      fixture.claim('mirrored', '1.0', buildImage({ seed: 'something else' }).digest);
      await assert.rejects(copy(fixture, image), isRegistryError('DIGEST_MISMATCH', 'target'));
    });

    test('stopped after any write, it leaves no tag, and the next run completes', async (t) => {
      const children = [buildImage({ seed: 'interrupted', layers: [40_000] })];
      const index = buildIndex({ children, attestations: true });
      for (let writes = 0; ; writes += stopEvery) {
        const fixture = await start({ referrersApi: false });
        t.after(() => fixture[Symbol.asyncDispose]());
        push(fixture.source('app'), index);
        const attached = attachEverywhere(fixture.source('app'), index);
        const controller = new AbortController();
        let left = writes;
        fixture.beforeWrite(() => {
          if (left === 0) controller.abort(new Error('stopped'));
          left -= 1;
        });
        const options = { signal: controller.signal };
        const stopped = await copy(fixture, index, options).then(
          () => false,
          () => true,
        );
        if (!stopped) {
          assert(writes > 10, 'nothing was ever stopped');
          break;
        }
        const target = fixture.target('mirrored');
        assert.equal(target.tags.get('1.0'), undefined, `after ${writes} writes`);
        fixture.beforeWrite(() => undefined);
        await copy(fixture, index);
        assertHolds(target, index, '1.0');
        for (const { image, tag, subject } of attached) {
          assertHolds(target, image, ...(tag === undefined ? [] : [tag]));
          if (tag === undefined) assert(fallbackOf(target, subject).includes(image.digest));
        }
      }
    });

    test('rejects with the reason of the signal', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'abandoned' });
      push(fixture.source('app'), image);
      const reason = new Error('enough');
      const options = { signal: AbortSignal.abort(reason) };
      await assert.rejects(copy(fixture, image, options), (error) => error === reason);
      assert.deepEqual(fixture.writes, []);
    });

    test('tells its progress, and ends where it said it would', async (t) => {
      const fixture = await start();
      t.after(() => fixture[Symbol.asyncDispose]());
      const image = buildImage({ seed: 'progress', layers: [50_000, 10] });
      push(fixture.source('app'), image);
      const seen: CopyProgress[] = [];
      await copy(fixture, image, { onProgress: (progress) => seen.push(progress) });
      const last = seen.at(-1);
      const bytes = [...image.blobs.values()].reduce((sum, blob) => sum + blob.byteLength, 0);
      assert.deepEqual(last, { totalBytes: bytes, doneBytes: bytes });
      assert(seen.every(({ doneBytes, totalBytes }) => doneBytes <= totalBytes));
    });

    test(
      'a failed image does not keep others that share its blobs',
      {
        skip:
          (!sharesBlobs && 'one image at a time') ||
          (!holdsCorrupt && 'a registry that refuses what is corrupt'),
      },
      async (t) => {
        const fixture = await start();
        t.after(() => fixture[Symbol.asyncDispose]());
        const base = [buildLayer('common', 60_000)];
        const good = buildImage({ seed: 'good', base });
        const bad = buildImage({ seed: 'bad', base, layers: [90_000] });
        push(fixture.source('app'), good);
        push(fixture.source('app'), bad);
        corrupt(fixture.source('app'), bad);
        const copier = fixture.newCopier();
        const [failed, copied] = await Promise.allSettled([
          copier.copy(fixture.from('app', bad.digest), fixture.to('bad', '1.0')),
          copier.copy(fixture.from('app', good.digest), fixture.to('good', '1.0')),
        ]);
        assert.equal(failed.status, 'rejected');
        assert.equal(copied.status, 'fulfilled');
        assertHolds(fixture.target('good'), good, '1.0');
        assert.equal(fixture.target('bad').tags.size, 0);
      },
    );
  });
}

function copy(
  fixture: CopierFixture,
  image: TestImage,
  options: Parameters<ImageCopier['copy']>[2] = {},
): ReturnType<ImageCopier['copy']> {
  const from = fixture.from('app', image.digest);
  return fixture.newCopier().copy(from, fixture.to('mirrored', '1.0'), options);
}

interface AttachedImage {
  readonly image: TestImage;
  readonly subject: Digest;
  readonly tag?: string;
}

/** A classic signature and a bundle for the image and for each of its children. */
function attachEverywhere(repository: RepositoryStore, image: TestImage): readonly AttachedImage[] {
  return image.manifests.flatMap((manifest): AttachedImage[] => {
    const { digest } = manifest;
    const subject = { descriptor: { ...manifest, size: manifest.bytes.byteLength }, digest };
    const bundle = bundleFor(subject, digest);
    const classic = classicFor(subject, 'vendor');
    const tag = tagOf(digest, '.sig');
    push(repository, bundle);
    push(repository, classic, tag);
    return [
      { image: bundle, subject: digest },
      { image: classic, subject: digest, tag },
    ];
  });
}

function bundleFor(subject: Pick<TestImage, 'descriptor'>, text: string): TestImage {
  const { mediaType, digest, size } = subject.descriptor;
  return buildArtifact({
    subject: { mediaType, digest, size },
    artifactType: BUNDLE,
    annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope' },
    layers: [{ mediaType: BUNDLE, bytes: Buffer.from(`bundle ${text}`) }],
  });
}

function classicFor(subject: Pick<TestImage, 'digest'>, signer: string): TestImage {
  const bytes = Buffer.from(`{"critical":{"image":"${subject.digest}"}}`);
  // Two signatures of one payload: equal digests, different annotations.
  const layers = ['first', 'second'].map((key) => ({
    mediaType: SIGNATURE,
    bytes,
    annotations: { 'dev.cosignproject.cosign/signature': `${key} by ${signer}` },
  }));
  return buildArtifact({ configType: 'application/vnd.oci.image.config.v1+json', layers });
}

/** Pushes a referrer so that the referrers API does not list it: by its blobs' and bytes' sake only. */
function pushHidden(repository: RepositoryStore, image: TestImage): void {
  push(repository, image);
  repository.hidden.add(image.digest);
}

function corrupt(repository: RepositoryStore, image: TestImage): void {
  const [digest, bytes] = [...image.blobs].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  assert(digest !== undefined && bytes !== undefined);
  const changed = Buffer.from(bytes);
  changed[changed.length >> 1] = ~(changed[changed.length >> 1] ?? 0) & 0xff;
  repository.blobs.set(digest, changed);
}

function assertHolds(repository: RepositoryStore, image: TestImage, ...tags: string[]): void {
  for (const { digest, bytes, mediaType } of image.manifests) {
    const stored = repository.find(digest);
    assert(stored, `the target lacks ${digest}`);
    assert.deepEqual(Buffer.from(stored.bytes), Buffer.from(bytes));
    assert.equal(stored.mediaType, mediaType);
  }
  for (const digest of image.blobs.keys()) {
    assert(repository.blobs.has(digest), `the target lacks the blob ${digest}`);
  }
  for (const tag of tags) assert.equal(repository.tags.get(tag), image.digest);
}

function fallbackOf(repository: RepositoryStore, subject: Digest): readonly Digest[] {
  const stored = repository.find(tagOf(subject));
  if (stored === undefined) return [];
  const manifest = parseManifest(stored.bytes, stored.mediaType);
  assert.equal(manifest.mediaType, MediaType.ociIndex);
  return manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [];
}

function referencesOf(bytes: Uint8Array, mediaType: string): readonly Digest[] {
  const manifest = parseManifest(bytes, mediaType);
  const entries =
    manifest.kind === 'index'
      ? manifest.manifests
      : [...manifest.layers, ...(manifest.config === undefined ? [] : [manifest.config])];
  // What something is attached to comes first as well.
  const subject = manifest.subject === undefined ? [] : [manifest.subject];
  return [...entries, ...subject].map(({ digest }) => digest);
}

function digestWritten(fixture: CopierFixture, { repository, reference }: TargetWrite): string {
  return fixture.target(repository).tags.get(reference) ?? reference;
}

function isRegistryError(
  code: RegistryError['code'],
  side: RegistryError['side'],
): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RegistryError, String(error));
    assert.deepEqual({ code: error.code, side: error.side }, { code, side }, error.message);
    return true;
  };
}
