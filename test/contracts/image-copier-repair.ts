import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Digest } from '../../src/registry/reference.ts';
import { buildMultiArch, push, tagOf, type TestImage } from '../support/images.ts';
import type { RepositoryStore } from '../support/registry/store.ts';
import type { CopierFixture } from './image-copier.ts';

/**
 * What every copier promises of a copy that repairs.
 *
 * @param every - from one lost part to the next: 1 tries all, more where a copy takes time
 */
export function imageCopierRepairs(
  start: (options?: { readonly referrersApi: boolean }) => Promise<CopierFixture>,
  attachEverywhere: (repository: RepositoryStore, image: TestImage) => void,
  every: number,
): void {
  const scene = async (options?: { readonly referrersApi: boolean }) => {
    const fixture = await start(options);
    const image = buildMultiArch('repair');
    push(fixture.source('app'), image);
    attachEverywhere(fixture.source('app'), image);
    const copy = (repair: boolean) =>
      fixture
        .newCopier()
        .copy(fixture.from('app', image.digest), fixture.to('mirrored', '1.0'), { repair });
    await copy(false);
    const store = fixture.target('mirrored');
    return { fixture, image, store, copy, whole: contentsOf(store) };
  };

  describe('told to repair', () => {
    for (const referrersApi of [true, false]) {
      test(`brings back whatever was lost, ${referrersApi ? 'with' : 'without'} the referrers API`, async (t) => {
        const { fixture, store, copy, whole } = await scene({ referrersApi });
        t.after(() => fixture[Symbol.asyncDispose]());
        for (const { kind, digest } of partsOf(store).filter((_, index) => index % every === 0)) {
          if (kind === 'blob') store.blobs.delete(digest);
          else store.manifests.delete(digest);
          await copy(true);
          assert.deepEqual(contentsOf(store), whole, `${kind} ${digest} is back`);
        }
      });
    }

    test('brings back everything at once', async (t) => {
      const { fixture, image, store, copy, whole } = await scene();
      t.after(() => fixture[Symbol.asyncDispose]());
      store.blobs.clear();
      for (const digest of store.manifests.keys()) {
        if (digest !== image.digest) store.manifests.delete(digest);
      }
      await copy(true);
      assert.deepEqual(contentsOf(store), whole);
    });

    test('sends a blob again that was cut short', async (t) => {
      const { fixture, store, copy, whole } = await scene();
      t.after(() => fixture[Symbol.asyncDispose]());
      const [digest, bytes] = [...store.blobs].toSorted(([, a], [, b]) => b.length - a.length)[0]!;
      store.blobs.set(digest, bytes.subarray(1));
      await copy(true);
      assert.deepEqual(contentsOf(store), whole);
    });

    test('brings back a classic signature that stands among others', async (t) => {
      const { fixture, image, store, copy } = await scene();
      t.after(() => fixture[Symbol.asyncDispose]());
      const signed = store.find(tagOf(image.digest, '.sig'));
      assert.ok(signed);
      const text = Buffer.from(signed.bytes).toString();
      const { layers, ...rest } = JSON.parse(text) as { readonly layers: readonly object[] };
      const own = store.putBlob(Buffer.from('signed by another'));
      const theirs = { ...layers[0], digest: own, size: 17 };
      const bytes = Buffer.from(JSON.stringify({ ...rest, layers: [...layers, theirs] }));
      store.putManifest({ bytes, mediaType: signed.mediaType }, tagOf(image.digest, '.sig'));
      const payload = (layers[0] as { readonly digest: Digest }).digest;
      store.blobs.delete(payload);
      await copy(true);
      assert.ok(store.blobs.has(payload));
      assert.equal(
        store.tags.get(tagOf(image.digest, '.sig')),
        store.putManifest({ bytes, mediaType: signed.mediaType }),
      );
    });

    test('writes nothing where nothing is lost', async (t) => {
      const { fixture, copy } = await scene();
      t.after(() => fixture[Symbol.asyncDispose]());
      fixture.forget();
      const { bytes, manifests } = await copy(true);
      assert.deepEqual(fixture.writes, []);
      assert.deepEqual({ bytes, manifests }, { bytes: 0, manifests: 0 });
    });

    test('without it what has its manifest is taken to be whole', async (t) => {
      const { fixture, store, copy } = await scene();
      t.after(() => fixture[Symbol.asyncDispose]());
      store.blobs.clear();
      fixture.forget();
      await copy(false);
      assert.deepEqual(fixture.writes, []);
    });
  });
}

function partsOf({
  blobs,
  manifests,
}: RepositoryStore): readonly { kind: string; digest: Digest }[] {
  return [
    ...[...blobs.keys()].map((digest) => ({ kind: 'blob', digest })),
    ...[...manifests.keys()].map((digest) => ({ kind: 'manifest', digest })),
  ];
}

function contentsOf({ blobs, manifests, tags }: RepositoryStore): object {
  return {
    blobs: [...blobs].map(([digest, { length }]) => `${digest} ${length}`).toSorted(),
    manifests: [...manifests.keys()].toSorted(),
    tags: [...tags].map(([tag, digest]) => `${tag} ${digest}`).toSorted(),
  };
}
