import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../../src/secret.ts';
import { seededBytes } from '../../../support/images.ts';
import {
  MANIFEST,
  MANIFEST_HEADERS,
  openQuirkWorld,
  upload,
} from '../../../support/quirk-world.ts';
import { json } from '../../../support/scripted-server.ts';
import { scriptedUploads, type UploadRules } from '../../../support/scripted-uploads.ts';

const MiB = 1024 * 1024;
const LIMIT = 20 * MiB;
const TOO_LARGE: UploadRules = {
  put: ({ body }) => (body.byteLength > LIMIT ? { status: 413 } : undefined),
  patch: ({ headers, body }, held) => {
    const end = held + body.byteLength - 1;
    const isExact =
      headers['content-length'] === String(body.byteLength) &&
      headers['content-range'] === `${held}-${end}`;
    return isExact && body.byteLength <= LIMIT ? undefined : { status: 416 };
  },
};

test('what is too large for one PUT goes in pieces that say their place', async (t) => {
  const uploads = scriptedUploads(TOO_LARGE);
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('first', 33 * MiB));
  assert.deepEqual(
    world.server.requests.map(({ method }) => method),
    ['POST', 'PUT', 'POST', 'PATCH', 'PATCH', 'PATCH', 'PUT'],
  );
  assert.equal(uploads.stored.size, 1);
});

test('what was learned holds for the next blobs, and only for those as large', async (t) => {
  const uploads = scriptedUploads(TOO_LARGE);
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('first', 21 * MiB));
  const before = world.server.requests.length;
  await upload(world, seededBytes('second', 21 * MiB));
  await upload(world, seededBytes('third', 5 * MiB));
  assert.deepEqual(
    world.server.requests.slice(before).map(({ method }) => method),
    ['POST', 'PATCH', 'PATCH', 'PUT', 'POST', 'PUT'],
  );
  assert.equal(uploads.stored.size, 3);
});

test('a proxy that cuts instead of answering is understood the second time', async (t) => {
  const uploads = scriptedUploads({
    ...TOO_LARGE,
    put: ({ body }) => (body.byteLength > LIMIT ? { keep: 0 } : undefined),
  });
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('first', 21 * MiB));
  const methods = world.server.requests.map(({ method }) => method);
  assert.equal(methods.filter((method) => method === 'PUT').length, 3);
  assert.equal(methods.filter((method) => method === 'PATCH').length, 2);
  assert.equal(uploads.stored.size, 1);
});

test('a refresh token of docker login is exchanged for an access token', async (t) => {
  let url = '';
  const world = await openQuirkWorld(
    t,
    ({ path, headers }) => {
      if (path === '/oauth2/token') return json(200, { access_token: 'access' });
      return headers.authorization === 'Bearer access'
        ? { status: 200, headers: MANIFEST_HEADERS, body: MANIFEST.bytes }
        : {
            status: 401,
            headers: {
              'www-authenticate': `Bearer realm="${url}/oauth2/token",service="acme.azurecr.io",scope="repository:acme/app:pull"`,
            },
          };
    },
    { identityToken: new Secret('refresh') },
  );
  ({ url } = world.server);
  assert.equal((await world.source.head(world.tag))?.digest, MANIFEST.digest);
  const form = new URLSearchParams(world.server.requests[1]?.body.toString());
  assert.equal(form.get('grant_type'), 'refresh_token');
  assert.equal(form.get('service'), 'acme.azurecr.io');
});
