import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../../src/registry/manifest.ts';
import {
  MANIFEST,
  MANIFEST_HEADERS,
  openQuirkWorld,
  upload,
} from '../../../support/quirk-world.ts';
import { refusal } from '../../../support/scripted-server.ts';

test('a project that must exist first is said to be missing', async (t) => {
  const world = await openQuirkWorld(t, () => refusal(404, 'NOT_FOUND', 'project acme not found'));
  await assert.rejects(
    upload(world, Buffer.from('layer')),
    /project acme not found.*\(ECR, Harbor\), create it there first/,
  );
});

test('a mount from a project that is not there (401) ends in an upload', async (t) => {
  const world = await openQuirkWorld(t, ({ path }) =>
    path.includes('mount=') ? refusal(401, 'UNAUTHORIZED', 'project not found') : { status: 201 },
  );
  const from = { ...world.repository, repository: 'nowhere/base' };
  assert.equal(await upload(world, Buffer.from('layer'), from), 'uploaded');
});

test('an immutable tag (412) is a success or a conflict, by its digest', async (t) => {
  const message = 'Failed to process request due to 1.0 configured as immutable';
  for (const [digest, code] of [
    [MANIFEST.digest, undefined],
    [digestOf(Buffer.from('other')), 'TARGET_CONFLICT'],
  ] as const) {
    const world = await openQuirkWorld(t, ({ method }) =>
      method === 'PUT'
        ? refusal(412, 'PRECONDITION', message)
        : { status: 200, headers: { ...MANIFEST_HEADERS, 'docker-content-digest': digest } },
    );
    const written = world.target.putManifest(world.tag, MANIFEST);
    if (code === undefined) await written;
    else await assert.rejects(written, { code });
  }
});

test('what is there is found out without a GET, which would count as a pull', async (t) => {
  const world = await openQuirkWorld(t, () => ({ status: 200, headers: MANIFEST_HEADERS }));
  await world.target.head(world.tag);
  await world.target.hasBlob(world.repository, MANIFEST.digest);
  assert.deepEqual(
    world.server.requests.map(({ method }) => method),
    ['HEAD', 'HEAD'],
  );
});
