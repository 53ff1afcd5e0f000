import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../../src/registry/manifest.ts';
import { atDigest } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import { seededBytes } from '../../../support/images.ts';
import {
  MANIFEST,
  MANIFEST_HEADERS,
  openQuirkWorld,
  upload,
} from '../../../support/quirk-world.ts';
import { json, refusal, type ScriptedAnswer } from '../../../support/scripted-server.ts';
import { scriptedUploads } from '../../../support/scripted-uploads.ts';

const IMMUTABLE = json(400, {
  errors: [
    {
      code: 'TAG_INVALID',
      message:
        "ImageTagAlreadyExistsException: The image tag '1.0' already exists in the 'acme/app' repository and cannot be overwritten because the repository is immutable.",
    },
  ],
});

test('a repository that must exist first is said to be missing', async (t) => {
  const missing = refusal(
    404,
    'NAME_UNKNOWN',
    "The repository with name 'acme/app' does not exist in the registry with id '123'",
  );
  const world = await openQuirkWorld(t, () => missing);
  for (const bytes of [seededBytes('small', 10), seededBytes('large', 100_000)]) {
    await assert.rejects(upload(world, bytes), (error: Error) => {
      assert.match(
        error.message,
        /does not exist in the registry.*\(ECR, Harbor\), create it there/,
      );
      assert.equal((error as { code?: unknown }).code, 'REGISTRY_NOT_FOUND');
      return true;
    });
  }
});

test('the user AWS is asked for by basic authentication', async (t) => {
  const expected = `Basic ${Buffer.from('AWS:token').toString('base64')}`;
  const world = await openQuirkWorld(
    t,
    ({ headers }) =>
      headers.authorization === expected
        ? { status: 200, headers: MANIFEST_HEADERS, body: MANIFEST.bytes }
        : {
            status: 401,
            headers: {
              'www-authenticate': 'Basic realm="https://1.dkr.ecr.eu.amazonaws.com/",service="ecr"',
            },
            body: 'Not Authorized\n',
          },
    { username: 'AWS', password: new Secret('token') },
  );
  assert.equal((await world.source.head(world.tag))?.digest, MANIFEST.digest);
});

test('an immutable tag that names the same digest already is a success', async (t) => {
  const world = await openQuirkWorld(t, ({ method }) =>
    method === 'PUT' ? IMMUTABLE : { status: 200, headers: MANIFEST_HEADERS },
  );
  assert.deepEqual(await world.target.putManifest(world.tag, MANIFEST), { subjectIndexed: false });
  assert.deepEqual(world.server.log, [
    'PUT /v2/acme/app/manifests/1.0',
    'HEAD /v2/acme/app/manifests/1.0',
  ]);
});

test('an immutable tag that names another digest is a conflict that names it', async (t) => {
  const other = digestOf(Buffer.from('other'));
  const world = await openQuirkWorld(t, ({ method }) =>
    method === 'PUT'
      ? IMMUTABLE
      : { status: 200, headers: { ...MANIFEST_HEADERS, 'docker-content-digest': other } },
  );
  await assert.rejects(world.target.putManifest(world.tag, MANIFEST), (error: Error) => {
    assert.equal((error as { code?: unknown }).code, 'TARGET_CONFLICT');
    assert.match(error.message, new RegExp(`cannot be overwritten.*the tag names ${other}`));
    return true;
  });
});

test('another refusal of a manifest costs no further request', async (t) => {
  const world = await openQuirkWorld(t, () => refusal(400, 'MANIFEST_INVALID', 'bad manifest'));
  await assert.rejects(world.target.putManifest(world.tag, MANIFEST), {
    code: 'REGISTRY_REFUSED',
    registryCode: 'MANIFEST_INVALID',
  });
  await assert.rejects(
    world.target.putManifest(atDigest(world.repository, MANIFEST.digest), MANIFEST),
    { code: 'REGISTRY_REFUSED' },
  );
  assert.equal(world.server.requests.length, 2);
});

test('a PATCH answered with 201 and a Range that lags behind is a PATCH that succeeded', async (t) => {
  const content = seededBytes('pieces', 20 * 1024 * 1024);
  let held = 0;
  const uploads = scriptedUploads({
    put: ({ body }) => (body.byteLength > 0 ? { status: 413 } : undefined),
  });
  const world = await openQuirkWorld(t, async (request) => {
    const answer = (await uploads.script(request)) as ScriptedAnswer;
    if (request.method !== 'PATCH') return answer;
    const stale = { ...answer.headers, range: `0-${Math.max(held - 1, 0)}` };
    held += request.body.byteLength;
    return { status: 201, headers: stale };
  });
  await upload(world, content);
  assert.equal(uploads.stored.size, 1);
  const ranges = world.server.requests.map(({ headers }) => headers['content-range']);
  assert.deepEqual(
    ranges.filter((range) => range !== undefined),
    ['0-16777215', '16777216-20971519'],
  );
});

test('OCI-Subject is believed where the referrers API is missing', async (t) => {
  const world = await openQuirkWorld(t, ({ method }) =>
    method === 'PUT'
      ? { status: 201, headers: { 'oci-subject': MANIFEST.digest } }
      : refusal(404, 'NOT_FOUND'),
  );
  assert.deepEqual(await world.target.putManifest(world.tag, MANIFEST), { subjectIndexed: true });
  const subject = atDigest(world.repository, MANIFEST.digest);
  assert.equal(await world.target.referrers(subject), undefined);
});

test('mounts that the account does not allow end in an upload', async (t) => {
  const uploads = scriptedUploads();
  const world = await openQuirkWorld(t, uploads.script);
  const from = { ...world.repository, repository: 'acme/base' };
  assert.equal(await upload(world, seededBytes('layer', 100_000), from), 'uploaded');
  assert.equal(uploads.stored.size, 1);
  assert.equal(world.server.requests.length, 2);
});

test('writes over ten a second are waited for', async (t) => {
  let writes = 0;
  const world = await openQuirkWorld(t, () => {
    writes += 1;
    return writes <= 2
      ? json(429, { errors: [{ code: 'TOOMANYREQUESTS', message: 'Rate exceeded' }] })
      : { status: 201 };
  });
  await world.target.putManifest(world.tag, MANIFEST);
  assert.equal(writes, 3);
  assert.equal(world.clock.sleeps.length, 2);
});
