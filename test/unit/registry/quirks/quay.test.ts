import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, MediaType } from '../../../../src/registry/manifest.ts';
import { atDigest } from '../../../../src/registry/reference.ts';
import { MANIFEST, openQuirkWorld, upload } from '../../../support/quirk-world.ts';
import { json, refusal } from '../../../support/scripted-server.ts';

test('a media type that is not allowed is a refusal with the reason', async (t) => {
  const world = await openQuirkWorld(t, () =>
    refusal(400, 'MANIFEST_INVALID', 'manifest schema version not supported'),
  );
  await assert.rejects(world.target.putManifest(world.tag, MANIFEST), {
    code: 'REGISTRY_REFUSED',
    registryCode: 'MANIFEST_INVALID',
  });
});

test('lists come in pages of a hundred', async (t) => {
  const all = Array.from({ length: 250 }, (_, index) => ({
    mediaType: MediaType.ociManifest,
    digest: digestOf(Buffer.from(`${index}`)),
    size: 1,
  }));
  const world = await openQuirkWorld(t, ({ path }) => {
    const page = Number(new URL(path, 'http://quay').searchParams.get('next_page') ?? 0);
    const manifests = all.slice(page * 100, page * 100 + 100);
    const more = (page + 1) * 100 < all.length;
    const link = `<${path.split('?')[0] ?? ''}?n=100&next_page=${page + 1}>; rel="next"`;
    return json(200, { mediaType: MediaType.ociIndex, manifests }, more ? { link } : {});
  });
  const found = await world.source.referrers(atDigest(world.repository, MANIFEST.digest));
  assert.deepEqual(found, all);
  assert.equal(world.server.requests.length, 3);
});

test('a mount says from where', async (t) => {
  const world = await openQuirkWorld(t, ({ path }) =>
    path.includes('from=') ? { status: 201 } : { status: 400 },
  );
  const from = { ...world.repository, repository: 'acme/base' };
  assert.equal(await upload(world, Buffer.from('layer'), from), 'mounted');
});
