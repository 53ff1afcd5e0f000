import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf, MediaType } from '../../../src/registry/manifest.ts';
import {
  buildArtifact,
  buildImage,
  buildLayer,
  buildMultiArch,
  push,
} from '../../support/images.ts';
import { startRegistry } from '../../support/registry/server.ts';

test('an image goes in by the distribution API and comes out byte for byte', async (t) => {
  const registry = await startRegistry();
  t.after(() => registry[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'one' });
  for (const [digest, bytes] of image.blobs) {
    const started = await fetch(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST' });
    assert.equal(started.status, 202);
    const location = new URL(started.headers.get('location') ?? '', registry.url);
    location.searchParams.set('digest', digest);
    const put = await fetch(location, { method: 'PUT', body: Buffer.from(bytes) });
    assert.equal(put.status, 201);
  }
  const [manifest] = image.manifests;
  assert(manifest);
  const put = await fetch(`${registry.url}/v2/app/manifests/1.0`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: Buffer.from(manifest.bytes),
  });
  assert.equal(put.status, 201);
  const got = await fetch(`${registry.url}/v2/app/manifests/1.0`);
  assert.equal(got.headers.get('docker-content-digest'), image.digest);
  assert.equal(got.headers.get('content-type'), MediaType.ociManifest);
  assert.equal(digestOf(Buffer.from(await got.arrayBuffer())), image.digest);
  assert.equal(registry.openUploads, 0);
});

test('a manifest is refused while something it refers to is missing', async (t) => {
  const registry = await startRegistry();
  t.after(() => registry[Symbol.asyncDispose]());
  const index = buildMultiArch('lacking');
  const top = index.manifests.at(-1);
  assert(top);
  const put = await fetch(`${registry.url}/v2/app/manifests/${top.digest}`, {
    method: 'PUT',
    headers: { 'content-type': top.mediaType },
    body: Buffer.from(top.bytes),
  });
  assert.equal(put.status, 404);
  assert.match(await put.text(), /MANIFEST_BLOB_UNKNOWN/);
});

test('referrers are listed in pages', async (t) => {
  const registry = await startRegistry({ referrersPageSize: 2 });
  t.after(() => registry[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'subject' });
  const repository = registry.store.repository('app');
  push(repository, image, '1.0');
  for (const text of ['a', 'b', 'c']) {
    const layers = [{ mediaType: 'text/plain', bytes: Buffer.from(text) }];
    push(repository, buildArtifact({ subject: image.descriptor, artifactType: 'x/y', layers }));
  }
  const first = await fetch(`${registry.url}/v2/app/referrers/${image.digest}`);
  const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  const second = await fetch(new URL(next, registry.url));
  const pages = (await Promise.all([first.json(), second.json()])) as { manifests: object[] }[];
  assert.deepEqual(
    pages.map(({ manifests }) => manifests.length),
    [2, 1],
  );
  assert.equal(second.headers.get('link'), null);
});

test('a bearer token opens what its scope names and nothing else', async (t) => {
  const registry = await startRegistry({ auth: { kind: 'bearer', users: { ann: 'pw' } } });
  t.after(() => registry[Symbol.asyncDispose]());
  const refused = await fetch(`${registry.url}/v2/app/tags/list`);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate') ?? '', /scope="repository:app:pull"/);
  const asked = await fetch(`${registry.url}/token?scope=repository:app:pull`, {
    headers: { authorization: `Basic ${btoa('ann:pw')}` },
  });
  const { token } = (await asked.json()) as { token: string };
  const authorization = { headers: { authorization: `Bearer ${token}` } };
  const allowed = await fetch(`${registry.url}/v2/app/tags/list`, authorization);
  const other = await fetch(`${registry.url}/v2/other/tags/list`, authorization);
  assert.deepEqual([allowed.status, other.status], [404, 401]);
  assert(!JSON.stringify(registry.requests).includes(token));
});

test('a fault hook cuts a blob in the middle; the rest is served by range', async (t) => {
  const registry = await startRegistry();
  t.after(() => registry[Symbol.asyncDispose]());
  const { bytes } = buildLayer('cut', 100_000);
  const digest = registry.store.repository('app').putBlob(bytes);
  registry.intercept(async (_, next) => ({ ...(await next()), cutAfter: 1000 }));
  const cut = await fetch(`${registry.url}/v2/app/blobs/${digest}`);
  await assert.rejects(cut.arrayBuffer());
  registry.intercept(undefined);
  const rest = await fetch(`${registry.url}/v2/app/blobs/${digest}`, {
    headers: { range: 'bytes=1000-' },
  });
  assert.equal(rest.status, 206);
  assert.deepEqual(Buffer.from(await rest.arrayBuffer()), Buffer.from(bytes.subarray(1000)));
});

test('a fault hook cuts an upload; its session keeps what came', async (t) => {
  const registry = await startRegistry();
  t.after(() => registry[Symbol.asyncDispose]());
  const started = await fetch(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location') ?? '', registry.url);
  registry.intercept(({ method }) => (method === 'PATCH' ? { cutRequestAfter: 10 } : undefined));
  await assert.rejects(fetch(location, { method: 'PATCH', body: Buffer.alloc(1000) }));
  const status = await fetch(location);
  assert.equal(status.headers.get('range'), '0-9');
});

test('layers are real archives and depend on the seed alone', () => {
  const layer = buildLayer('seed', 700);
  assert.deepEqual(layer, buildLayer('seed', 700));
  assert.equal(digestOf(gunzipSync(layer.bytes)), layer.diffId);
  assert.notEqual(buildLayer('other', 700).diffId, layer.diffId);
});
