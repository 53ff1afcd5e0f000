import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, MediaType } from '../../../../src/registry/manifest.ts';
import { atTag } from '../../../../src/registry/reference.ts';
import { seededBytes } from '../../../support/images.ts';
import {
  describe,
  MANIFEST,
  MANIFEST_HEADERS,
  openQuirkWorld,
  upload,
} from '../../../support/quirk-world.ts';
import { refusal, startScripted } from '../../../support/scripted-server.ts';
import { openRegistries } from '../../../support/scripted-registries.ts';
import { scriptedUploads } from '../../../support/scripted-uploads.ts';

test('Artifactory: a config without history is a refusal with its reason', async (t) => {
  const world = await openQuirkWorld(t, () =>
    refusal(400, 'MANIFEST_INVALID', 'manifest invalid: config has no history'),
  );
  await assert.rejects(world.target.putManifest(world.tag, MANIFEST), /config has no history/);
});

test('Artifactory: what was just written may be missing for a moment behind a load balancer', async (t) => {
  let misses = 0;
  const world = await openQuirkWorld(t, ({ method }) => {
    if (method === 'PUT') return { status: 201 };
    misses += 1;
    return misses <= 2
      ? refusal(404, 'MANIFEST_UNKNOWN')
      : { status: 200, headers: MANIFEST_HEADERS, body: MANIFEST.bytes };
  });
  await world.target.putManifest(world.tag, MANIFEST);
  assert.equal((await world.target.head(world.tag))?.digest, MANIFEST.digest);
  assert.equal(misses, 3);
  assert.equal(world.clock.sleeps.length, 2);
});

test('Artifactory: what nobody wrote is missing at once', async (t) => {
  const world = await openQuirkWorld(t, ({ method }) =>
    method === 'PUT' ? { status: 201 } : refusal(404, 'MANIFEST_UNKNOWN'),
  );
  assert.equal(await world.target.head(world.tag), undefined);
  assert.equal(world.server.requests.length, 1);
  await world.target.putManifest(world.tag, MANIFEST);
  assert.equal(await world.target.head(world.tag), undefined);
  assert.equal(world.server.requests.length, 6);
});

test('Nexus: a manifest says its length', async (t) => {
  const world = await openQuirkWorld(t, ({ headers }) =>
    headers['content-length'] === undefined || headers['transfer-encoding'] !== undefined
      ? { status: 411 }
      : { status: 201 },
  );
  await world.target.putManifest(world.tag, MANIFEST);
  await upload(world, Buffer.from('layer'));
});

test('GitLab: a tag made of a digest that resolves to that digest is no such tag', async (t) => {
  const world = await openQuirkWorld(t, () => ({
    status: 200,
    headers: MANIFEST_HEADERS,
    body: MANIFEST.bytes,
  }));
  const fallback = atTag(world.repository, MANIFEST.digest.replace(':', '-'));
  assert.equal(await world.source.head(fallback), undefined);
  assert.equal(await world.source.getManifest(fallback), undefined);
});

test('GitLab: a tag made of a digest that lists what is attached is that list', async (t) => {
  const index = Buffer.from(JSON.stringify({ mediaType: MediaType.ociIndex, manifests: [] }));
  const headers = {
    'content-type': MediaType.ociIndex,
    'docker-content-digest': digestOf(index),
  };
  const world = await openQuirkWorld(t, () => ({ status: 200, headers, body: index }));
  const fallback = atTag(world.repository, MANIFEST.digest.replace(':', '-'));
  assert.equal((await world.source.head(fallback))?.digest, digestOf(index));
  assert.equal((await world.source.getManifest(fallback))?.kind, 'index');
});

test('Distribution 2: a Location that lacks the port is the registry itself', async (t) => {
  const uploads = scriptedUploads({
    location: (id) => `http://127.0.0.1/v2/acme/app/blobs/uploads/${id}?_state=x`,
  });
  const world = await openQuirkWorld(t, uploads.script);
  await upload(world, seededBytes('large', 100_000));
  assert.equal(uploads.stored.size, 1);
});

test('any registry: layers that live elsewhere are not fetched from there', async (t) => {
  const content = Buffer.from('foreign');
  const elsewhere = await startScripted(t, () => ({ status: 200, body: content }));
  const server = await startScripted(t, () => refusal(404, 'BLOB_UNKNOWN'));
  const { source } = openRegistries(t, { [server.host]: {}, [elsewhere.host]: {} });
  const repository = { registry: server.host, repository: 'acme/app' };
  const foreign = { ...describe(content), urls: [`${elsewhere.url}/layer`] };
  await assert.rejects(source.openBlob(repository, foreign), { code: 'REGISTRY_NOT_FOUND' });
  assert.deepEqual(elsewhere.log, []);
});
