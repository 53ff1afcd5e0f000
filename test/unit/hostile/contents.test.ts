/** What a registry may serve in place of a manifest, and what is made of it: nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf, MAX_MANIFEST_BYTES, MediaType } from '../../../src/registry/manifest.ts';
import { atDigest, atTag } from '../../../src/registry/reference.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { startScripted, type ScriptedAnswer } from '../../support/scripted-server.ts';

const BYTES = Buffer.from(JSON.stringify({ mediaType: MediaType.ociManifest, layers: [] }));
const DIGEST = digestOf(BYTES);
const FOUND: ScriptedAnswer = {
  status: 200,
  headers: { 'content-type': MediaType.ociManifest, 'docker-content-digest': DIGEST },
  body: BYTES,
};

function answered(headers: Readonly<Record<string, string>>, body: string | Uint8Array = BYTES) {
  return { ...FOUND, headers: { ...FOUND.headers, ...headers }, body };
}

async function read(t: TestContext, answer: ScriptedAnswer, name: 'tag' | 'digest' = 'tag') {
  const server = await startScripted(t, () => answer);
  const { source } = openRegistries(t, { [server.host]: {} });
  const repository = { registry: server.host, repository: 'acme/app' };
  const reference = name === 'tag' ? atTag(repository, '1') : atDigest(repository, DIGEST);
  return source.getManifest(reference);
}

test('a manifest is what its bytes are, whatever digest the answer names', async (t) => {
  for (const digest of [
    DIGEST.toUpperCase(),
    DIGEST.replace('sha256', 'SHA256'),
    `sha512:${'a'.repeat(128)}`,
    `sha256:${'a'.repeat(63)}`,
    'sha256:../../etc/passwd',
    `${DIGEST}, ${DIGEST}`,
    '',
  ]) {
    const found = await read(t, answered({ 'docker-content-digest': digest }));
    assert.equal(found?.digest, DIGEST, digest);
  }
  const other = digestOf(Buffer.from('another'));
  for (const name of ['tag', 'digest'] as const) {
    await assert.rejects(read(t, answered({ 'docker-content-digest': other }), name), {
      code: 'DIGEST_MISMATCH',
    });
  }
  await assert.rejects(read(t, answered({}, `${String(BYTES)} `), 'digest'), {
    code: 'DIGEST_MISMATCH',
  });
});

test('nothing is decompressed: a bomb is bytes that are no manifest', async (t) => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
  const body = new Uint8Array(bomb);
  for (const name of ['tag', 'digest'] as const) {
    const reading = read(t, answered({ 'content-encoding': 'gzip' }, body), name);
    await assert.rejects(reading, RegistryError);
  }
  const own = answered(
    { 'content-encoding': 'gzip', 'docker-content-digest': digestOf(body) },
    body,
  );
  await assert.rejects(read(t, own), /not a usable manifest: it is not UTF-8/);
});

test('an answer without end is cut off at the largest manifest there is', async (t) => {
  let sent = 0;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': MediaType.ociManifest });
    const more = (): void => {
      while (!response.destroyed) {
        sent += 1024 * 1024;
        if (!response.write(Buffer.alloc(1024 * 1024, ' '))) break;
      }
    };
    response.on('drain', more);
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { source } = openRegistries(t, { [registry]: {} });
  await assert.rejects(source.getManifest(atTag({ registry, repository: 'acme/app' }, '1')), {
    code: 'REGISTRY_REFUSED',
  });
  // What the connection held when it was cut comes on top.
  assert.ok(sent < 8 * MAX_MANIFEST_BYTES, `${sent} bytes were taken`);
});

test('where a foreign layer says it can be had, nobody asks', async (t) => {
  const elsewhere = await startScripted(t, () => ({ status: 200 }));
  const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
  const layer = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: digestOf(Buffer.from('foreign')),
    size: 7,
    urls: [`${elsewhere.url}/layer`, 'http://169.254.169.254/', 'file:///etc/passwd'],
  };
  const plain = { ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };
  const bytes = Buffer.from(
    JSON.stringify({ mediaType: MediaType.ociManifest, layers: [layer, plain] }),
  );
  const from = atDigest({ registry: 'src.example', repository: 'app' }, digestOf(bytes));
  const to = atTag({ registry: 'dst.example', repository: 'app' }, '1');
  const manifest = { bytes, mediaType: MediaType.ociManifest, digest: from.digest };
  await source.putManifest(from, manifest);
  const copier = createRegistryCopier({ source, target, signatures: false });
  assert.equal((await copier.copy(from, to)).digest, from.digest);
  assert.deepEqual(elsewhere.log, []);
  assert.ok(source.calls.every(({ target: asked }) => !asked.includes(layer.digest)));
});
