import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atDigest } from '../../../../src/registry/reference.ts';
import { seededBytes } from '../../../support/images.ts';
import { MANIFEST, openQuirkWorld, upload } from '../../../support/quirk-world.ts';
import { refusal } from '../../../support/scripted-server.ts';
import { scriptedUploads } from '../../../support/scripted-uploads.ts';

const MiB = 1024 * 1024;

test('no referrers API: the fallback tag has to be looked at', async (t) => {
  const world = await openQuirkWorld(t, () => refusal(404, 'NOT_FOUND', '404 page not found'));
  const subject = atDigest(world.repository, MANIFEST.digest);
  assert.equal(await world.source.referrers(subject), undefined);
});

test('pieces over 4 MiB are refused, so a blob goes in one request', async (t) => {
  const uploads = scriptedUploads({
    patch: ({ body }) => (body.byteLength > 4 * MiB ? { status: 416 } : undefined),
  });
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('large', 20 * MiB));
  assert.deepEqual(
    world.server.requests.map(({ method }) => method),
    ['POST', 'PUT'],
  );
});

test('where pieces are needed all the same, they shrink until they fit', async (t) => {
  const uploads = scriptedUploads({
    put: ({ body }) => (body.byteLength > 0 ? { status: 413 } : undefined),
    patch: ({ body }) => (body.byteLength > 4 * MiB ? { status: 416 } : undefined),
  });
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('large', 20 * MiB));
  assert.equal(uploads.stored.size, 1);
  const lengths = world.server.requests
    .filter(({ method }) => method === 'PATCH')
    .map(({ body }) => body.byteLength / MiB);
  assert.deepEqual(lengths, [16, 4, 4, 4, 4, 4]);
});
