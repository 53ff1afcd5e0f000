import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import {
  ACCEPT_MANIFESTS,
  digestOf,
  MAX_MANIFEST_BYTES,
  MediaType,
} from '../../../src/registry/manifest.ts';
import { atDigest, atTag, type Repository } from '../../../src/registry/reference.ts';
import { openRegistries, type OpenedRegistries } from '../../support/scripted-registries.ts';
import {
  refusal,
  startScripted,
  type Script,
  type ScriptedServer,
} from '../../support/scripted-server.ts';

const BYTES = Buffer.from(JSON.stringify({ mediaType: MediaType.ociManifest, layers: [] }));
const DIGEST = digestOf(BYTES);
const OTHER = digestOf(Buffer.from('other'));
const TYPE = { 'content-type': MediaType.ociManifest };
const FOUND = { status: 200, headers: { ...TYPE, 'docker-content-digest': DIGEST }, body: BYTES };

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
}

async function setUp(t: TestContext, script: Script): Promise<World> {
  const server = await startScripted(t, script);
  const registries = openRegistries(t, { [server.host]: {} });
  return { ...registries, server, repository: { registry: server.host, repository: 'acme/app' } };
}

function fails(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.notEqual(error.side, undefined);
    return true;
  };
}

test('a HEAD tells the digest, one request, the same Accept as a GET', async (t) => {
  const { source, server, repository } = await setUp(t, () => FOUND);
  assert.deepEqual(await source.head(atTag(repository, '1')), {
    digest: DIGEST,
    mediaType: MediaType.ociManifest,
    size: BYTES.byteLength,
  });
  await source.getManifest(atTag(repository, '1'));
  assert.deepEqual(server.log, ['HEAD /v2/acme/app/manifests/1', 'GET /v2/acme/app/manifests/1']);
  for (const { headers } of server.requests) assert.equal(headers.accept, ACCEPT_MANIFESTS);
});

test('a HEAD that cannot be answered is asked as a GET', async (t) => {
  for (const headless of [
    { status: 405 },
    { status: 200, headers: TYPE },
    { status: 200, headers: { ...TYPE, 'docker-content-digest': 'sha512:abc' } },
    { status: 200, headers: { 'docker-content-digest': DIGEST, 'content-type': '' } },
  ]) {
    const { target, repository, server } = await setUp(t, ({ method }) =>
      method === 'HEAD' ? headless : { ...FOUND, headers: TYPE },
    );
    assert.equal((await target.head(atTag(repository, '1')))?.digest, DIGEST);
    assert.equal(server.requests.length, 2);
  }
});

test('what is not there is undefined, a failure is not', async (t) => {
  const { source, repository } = await setUp(t, ({ path }) =>
    path.endsWith('gone') ? refusal(404, 'MANIFEST_UNKNOWN') : refusal(400, 'NAME_INVALID', 'odd'),
  );
  assert.equal(await source.head(atTag(repository, 'gone')), undefined);
  assert.equal(await source.getManifest(atTag(repository, 'gone')), undefined);
  await assert.rejects(
    source.getManifest(atTag(repository, '1')),
    fails(
      'REGISTRY_REFUSED',
      /could not read the manifest .*acme\/app:1: .* answered 400 \(NAME_INVALID: odd\)/,
    ),
  );
  await assert.rejects(source.head(atTag(repository, '1')), fails('REGISTRY_REFUSED', /400/));
});

test('the bytes must be what the reference names', async (t) => {
  const { source, repository } = await setUp(t, () => ({ ...FOUND, headers: TYPE }));
  await assert.rejects(
    source.getManifest(atDigest(repository, OTHER)),
    fails('DIGEST_MISMATCH', new RegExp(`expected ${OTHER}, but what came is ${DIGEST}`)),
  );
});

test('the bytes must be what the header names, even for a tag', async (t) => {
  const headers = { ...TYPE, 'docker-content-digest': OTHER };
  const { source, repository } = await setUp(t, () => ({ ...FOUND, headers }));
  await assert.rejects(
    source.getManifest(atTag(repository, '1')),
    fails('DIGEST_MISMATCH', /changes content/),
  );
  await assert.rejects(
    source.head(atDigest(repository, DIGEST)),
    fails('DIGEST_MISMATCH', /expected/),
  );
});

test('what cannot be a manifest is refused with its reference', async (t) => {
  const { source, repository } = await setUp(t, ({ path }) =>
    path.endsWith('large')
      ? { ...FOUND, body: Buffer.alloc(MAX_MANIFEST_BYTES + 1) }
      : { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
  );
  await assert.rejects(
    source.getManifest(atTag(repository, 'large')),
    fails('REGISTRY_REFUSED', /acme\/app:large: the answer is over 8388608 bytes/),
  );
  await assert.rejects(
    source.getManifest(atTag(repository, '1')),
    fails('REGISTRY_REFUSED', /acme\/app:1: not a usable manifest/),
  );
});

test('a digest is asked for once a run, on either side; a tag every time', async (t) => {
  const { source, target, repository, server } = await setUp(t, () => FOUND);
  await source.getManifest(atTag(repository, '1'));
  await source.getManifest(atDigest(repository, DIGEST));
  await target.getManifest(atDigest(repository, DIGEST));
  await source.getManifest(atTag(repository, '1'));
  assert.equal(server.requests.length, 2);
});

test('a digest known in one repository says nothing about another', async (t) => {
  const { source, repository } = await setUp(t, ({ path }) =>
    path.startsWith('/v2/acme/app/') ? FOUND : refusal(404, 'NAME_UNKNOWN'),
  );
  await source.getManifest(atDigest(repository, DIGEST));
  const elsewhere = { ...repository, repository: 'acme/other' };
  assert.equal(await source.getManifest(atDigest(elsewhere, DIGEST)), undefined);
});

test('a manifest is written verbatim, with its length and type', async (t) => {
  const { target, repository, server } = await setUp(t, () => ({
    status: 201,
    headers: { 'docker-content-digest': DIGEST, 'oci-subject': OTHER },
  }));
  const manifest = { bytes: BYTES, mediaType: MediaType.ociManifest, digest: DIGEST };
  const result = await target.putManifest(atTag(repository, '1'), manifest);
  assert.deepEqual(result, { subjectIndexed: true });
  await target.putManifest(atDigest(repository, DIGEST), manifest);
  const [put, byDigest] = server.requests;
  assert.equal(put?.headers['content-type'], MediaType.ociManifest);
  assert.equal(put.headers['content-length'], String(BYTES.byteLength));
  assert.equal(put.headers.accept, undefined);
  assert.deepEqual(put.body, BYTES);
  assert.equal(byDigest?.path, `/v2/acme/app/manifests/${DIGEST}`);
});

test('a registry that stored something else is found out', async (t) => {
  const { target, repository } = await setUp(t, () => ({
    status: 201,
    headers: { 'docker-content-digest': OTHER },
  }));
  const manifest = { bytes: BYTES, mediaType: MediaType.ociManifest, digest: DIGEST };
  await assert.rejects(
    target.putManifest(atTag(repository, '1'), manifest),
    fails('DIGEST_MISMATCH', /stored it as/),
  );
});

test("the registry's own code is kept", async (t) => {
  const { target, repository } = await setUp(t, () => refusal(404, 'MANIFEST_BLOB_UNKNOWN'));
  const manifest = { bytes: BYTES, mediaType: MediaType.ociManifest, digest: DIGEST };
  await assert.rejects(target.putManifest(atDigest(repository, DIGEST), manifest), {
    code: 'REGISTRY_NOT_FOUND',
    registryCode: 'MANIFEST_BLOB_UNKNOWN',
    status: 404,
  });
});
