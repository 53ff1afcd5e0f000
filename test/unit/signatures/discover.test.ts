import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf, MediaType } from '../../../src/registry/manifest.ts';
import { discoverAttachments, MAX_READ_AT_ONCE } from '../../../src/signatures/discover.ts';
import type { MemoryRegistryOptions } from '../../fakes/memory-registry.ts';
import { buildArtifact, buildIndex, buildMultiArch, push, tagOf } from '../../support/images.ts';
import {
  attachAsReferrer,
  attachByFallbackTag,
  attachByTag,
  referrerArtifact,
} from '../../support/sigstore/attach.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { createScene, referenceTo, type Scene } from '../../support/sigstore/scene.ts';

const sigstore = await createPrivateSigstore();
const layer = { mediaType: 'application/spdx+json', bytes: Buffer.from('{}') };
const another = { ...layer, bytes: Buffer.from('{"another":1}') };
const NO_API: MemoryRegistryOptions = { referrersApi: false };

interface Found {
  readonly place: string;
  readonly tag?: string;
  readonly digest: string;
}

async function discover({ registry, image }: Scene): Promise<readonly Found[]> {
  const attachments = await discoverAttachments(registry, referenceTo(image));
  return attachments.map(({ place, tag, manifest: { digest } }) =>
    tag === undefined ? { place, digest } : { place, tag, digest },
  );
}

test('finds referrers and classic tags together', async () => {
  const scene = createScene(sigstore);
  const { repository, image } = scene;
  const referrer = attachAsReferrer(repository, image.descriptor, layer);
  const signature = attachByTag(repository, image.descriptor, [another]);
  const attestation = attachByTag(repository, image.descriptor, [layer], '.att');
  assert.deepEqual(await discover(scene), [
    { place: 'referrers', digest: referrer.digest },
    { place: 'classic-tag', tag: tagOf(image.digest, '.sig'), digest: signature.digest },
    { place: 'classic-tag', tag: tagOf(image.digest, '.att'), digest: attestation.digest },
  ]);
});

test('finds what the fallback tag alone lists, though the API lists something else', async () => {
  const scene = createScene(sigstore);
  const { repository, image } = scene;
  const known = attachAsReferrer(repository, image.descriptor, layer);
  const older = referrerArtifact(image.descriptor, another);
  push(repository, older);
  push(repository, buildIndex({ children: [older, known] }), tagOf(image.digest));
  // As if it had come before the registry had the API.
  repository.hidden.add(older.digest);
  assert.deepEqual(await discover(scene), [
    { place: 'referrers', digest: known.digest },
    { place: 'fallback-tag', digest: older.digest },
  ]);
});

test('reads what is attached a few at a time, and stops asking once one cannot be read', async () => {
  let underWay = 0;
  let most = 0;
  let asked = 0;
  let failAt = Infinity;
  const scene = createScene(sigstore, {
    before: async ({ method, target }) => {
      if (method !== 'getManifest' || !target.includes('@')) return;
      asked += 1;
      if (asked === failAt) throw new RegistryError('REGISTRY_UNAVAILABLE', target);
      underWay += 1;
      most = Math.max(most, underWay);
      await setImmediate();
      underWay -= 1;
    },
  });
  for (let i = 0; i < 60; i += 1) {
    attachAsReferrer(scene.repository, scene.image.descriptor, {
      ...layer,
      bytes: Buffer.from(`{"n":${i}}`),
    });
  }
  assert.equal((await discover(scene)).length, 60);
  assert.equal(most, MAX_READ_AT_ONCE);
  [asked, failAt] = [0, 20];
  await assert.rejects(discover(scene), { code: 'REGISTRY_UNAVAILABLE' });
  // As many turns as it would take to ask for all of them.
  for (let turn = 0; turn < 60; turn += 1) await setImmediate();
  assert.ok(asked < 60, `${asked} were asked for`);
});

test('reads the fallback tag, whatever its descriptors say the members are', async () => {
  const scene = createScene(sigstore, NO_API);
  const artifacts = [layer, another].map((layer) =>
    attachByFallbackTag(scene.repository, scene.image.descriptor, layer),
  );
  assert.deepEqual(
    await discover(scene),
    artifacts.map(({ digest }) => ({ place: 'fallback-tag', digest })),
  );
});

test('ignores a fallback tag that is the image itself, or another image', async () => {
  const scene = createScene(sigstore, NO_API);
  const { repository, image } = scene;
  repository.tags.set(tagOf(image.digest), image.digest);
  assert.deepEqual(await discover(scene), []);
  const children = scene.registry.calls.filter(({ target }) => target.includes('@sha256:'));
  assert.deepEqual(
    children.map(({ method }) => method),
    ['referrers'],
  );
  const other = buildMultiArch('other');
  push(repository, other);
  repository.tags.set(tagOf(image.digest), other.digest);
  assert.deepEqual(await discover(scene), []);
  const [child] = other.manifests;
  if (child !== undefined) repository.tags.set(tagOf(image.digest), child.digest);
  assert.deepEqual(await discover(scene), []);
});

test('ignores members that belong to another image, or are gone', async () => {
  const scene = createScene(sigstore, NO_API);
  const { repository, image } = scene;
  const ours = attachByFallbackTag(repository, image.descriptor, layer);
  const foreign = referrerArtifact(buildMultiArch('other').descriptor, layer);
  const gone = referrerArtifact(image.descriptor, another);
  push(repository, foreign);
  const index = buildIndex({ children: [ours, foreign, gone] });
  push(repository, { ...index, manifests: index.manifests.slice(-1) }, tagOf(image.digest));
  repository.manifests.delete(gone.digest);
  assert.deepEqual(await discover(scene), [{ place: 'fallback-tag', digest: ours.digest }]);
});

test('does not fetch what is listed and is no manifest', async () => {
  const scene = createScene(sigstore, NO_API);
  const blob = { mediaType: 'application/json', digest: digestOf(layer.bytes), size: 2 };
  scene.repository.putManifest(
    {
      mediaType: MediaType.ociIndex,
      bytes: Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [blob] }),
      ),
    },
    tagOf(scene.image.digest),
  );
  assert.deepEqual(await discover(scene), []);
  assert.ok(!scene.registry.calls.some(({ target }) => target.endsWith(blob.digest)));
});

test('names a manifest once that a tag and the API lead to', async () => {
  const scene = createScene(sigstore);
  const { repository, image } = scene;
  const artifact = buildArtifact({ subject: image.descriptor, layers: [layer] });
  push(repository, artifact, tagOf(image.digest, '.sig'));
  assert.deepEqual(await discover(scene), [
    { place: 'classic-tag', tag: tagOf(image.digest, '.sig'), digest: artifact.digest },
  ]);
});

test('a refused tag is a missing one only where the image can be read', async () => {
  const tags = createScene(
    sigstore,
    refuse((target) => target.includes(':sha256-')),
  );
  assert.deepEqual(await discover(tags), []);
  const all = createScene(
    sigstore,
    refuse(() => true),
  );
  await assert.rejects(discover(all), { code: 'REGISTRY_UNAUTHORIZED' });
});

test('is abandoned by its signal', async () => {
  const { registry, image } = createScene(sigstore);
  const reason = new Error('stop');
  await assert.rejects(
    discoverAttachments(registry, referenceTo(image), { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});

/** A registry that answers 403 to some of what it is asked. */
function refuse(when: (target: string) => boolean): MemoryRegistryOptions {
  return {
    before: ({ method, target }) => {
      if (method !== 'referrers' && when(target)) {
        throw new RegistryError('REGISTRY_UNAUTHORIZED', `${target}: 403`, { status: 403 });
      }
    },
  };
}
