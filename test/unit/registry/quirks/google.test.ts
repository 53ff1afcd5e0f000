import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../../src/secret.ts';
import { seededBytes } from '../../../support/images.ts';
import { MANIFEST, openQuirkWorld, upload } from '../../../support/quirk-world.ts';
import { refusal } from '../../../support/scripted-server.ts';
import { scriptedUploads } from '../../../support/scripted-uploads.ts';

const USER = { username: '_json_key', password: new Secret('{}') };

test('a blob of any size goes in one request', async (t) => {
  const uploads = scriptedUploads({ patch: () => ({ status: 405 }) });
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('large', 30 * 1024 * 1024));
  assert.deepEqual(
    world.server.requests.map(({ method }) => method),
    ['POST', 'PUT'],
  );
  assert.equal(uploads.stored.size, 1);
});

test('missing rights show as 403, or as a 401 that offers no way in', async (t) => {
  for (const answer of [
    refusal(403, 'DENIED', 'Permission "artifactregistry.repositories.uploadArtifacts" denied'),
    { status: 401 },
    { status: 401, headers: { 'www-authenticate': '' } },
    { status: 401, headers: { 'www-authenticate': 'Bearer' } },
    { status: 401, headers: { 'www-authenticate': 'Bearer realm=""' } },
  ]) {
    const world = await openQuirkWorld(t, () => answer, USER);
    await assert.rejects(world.target.putManifest(world.tag, MANIFEST), (error: Error) => {
      assert.equal((error as { code?: unknown }).code, 'REGISTRY_UNAUTHORIZED');
      assert.match(error.message, /Asked as user _json_key, from registries:/);
      return true;
    });
    assert.equal(world.server.requests.length, 1);
  }
});
