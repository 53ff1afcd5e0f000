import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RegistryError } from '../../../src/errors.ts';
import {
  ACCEPT_MANIFESTS,
  digestOf,
  isManifestMediaType,
  MAX_MANIFEST_BYTES,
  MediaType,
  parseDescriptor,
  parseManifest,
  type Descriptor,
} from '../../../src/registry/manifest.ts';

const LAYER: Descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: `sha256:${'1'.repeat(64)}`,
  size: 10,
};
const CONFIG: Descriptor = { ...LAYER, mediaType: 'application/vnd.oci.image.config.v1+json' };
const CHILD: Descriptor = {
  ...LAYER,
  mediaType: MediaType.ociManifest,
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
};

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function refused(value: unknown, mediaType: string, why: RegExp): void {
  const bytes = Buffer.isBuffer(value) ? value : bytesOf(value);
  assert.throws(
    () => parseManifest(bytes, mediaType),
    (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, 'REGISTRY_REFUSED');
      assert.match(error.message, why);
      return true;
    },
  );
}

test('the digest is the sha256 of the bytes', () => {
  const bytes = Buffer.from('abc');
  assert.equal(digestOf(bytes), `sha256:${createHash('sha256').update(bytes).digest('hex')}`);
});

test('an image keeps its bytes and shows what it refers to', () => {
  const body = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    artifactType: 'application/vnd.example',
    config: CONFIG,
    layers: [LAYER, LAYER],
    subject: CHILD,
    annotations: { a: 'b' },
  };
  const bytes = Buffer.from(` ${JSON.stringify(body, null, 3)}\n`);
  const manifest = parseManifest(bytes, `${MediaType.ociManifest}; charset=utf-8`);
  assert(manifest.kind === 'image');
  assert.equal(manifest.bytes, bytes);
  assert.equal(manifest.digest, digestOf(bytes));
  assert.deepEqual(manifest.config, CONFIG);
  assert.deepEqual(manifest.layers, [LAYER, LAYER]);
  assert.deepEqual(manifest.subject, CHILD);
  assert.equal(manifest.artifactType, 'application/vnd.example');
  assert.deepEqual(manifest.annotations, { a: 'b' });
});

test('an index shows its children, docker lists included', () => {
  for (const mediaType of [MediaType.ociIndex, MediaType.dockerManifestList]) {
    const manifest = parseManifest(bytesOf({ mediaType, manifests: [CHILD] }), mediaType);
    assert(manifest.kind === 'index');
    assert.deepEqual(manifest.manifests, [CHILD]);
  }
});

test('the header decides where the body does not say, and the body where the header does not', () => {
  const body = { config: CONFIG, layers: [] };
  assert.equal(
    parseManifest(bytesOf(body), MediaType.dockerManifest).mediaType,
    MediaType.dockerManifest,
  );
  const own = bytesOf({ ...body, mediaType: MediaType.ociManifest });
  assert.equal(parseManifest(own, 'application/json').mediaType, MediaType.ociManifest);
});

test('one document is never two things', () => {
  refused(
    { mediaType: MediaType.ociIndex, manifests: [] },
    MediaType.ociManifest,
    /calls it .*manifest.v1\+json, the manifest itself/,
  );
  refused({ manifests: [CHILD], layers: [] }, MediaType.ociIndex, /must not hold "layers"/);
  refused({ manifests: [], config: CONFIG }, MediaType.ociManifest, /must not hold "manifests"/);
  refused({ fsLayers: [], config: CONFIG }, MediaType.ociManifest, /must not hold "fsLayers"/);
});

test('schema 1 is refused with what to do about it', () => {
  refused({ schemaVersion: 1 }, 'application/json', /schema 1.*push it again/);
  refused({}, 'application/vnd.docker.distribution.manifest.v1+prettyjws', /schema 1/);
});

test('what is no manifest is refused', () => {
  refused(Buffer.from('<html>'), MediaType.ociManifest, /not JSON/);
  refused([], MediaType.ociManifest, /not a JSON object/);
  refused({}, 'text/html', /unknown media type "text\/html"/);
  refused({ mediaType: 'application/x' }, MediaType.ociManifest, /the manifest itself/);
  refused({ mediaType: 'application/x' }, '', /unknown media type "application\/x"/);
  refused({ manifests: {} }, MediaType.ociIndex, /"manifests" is not a list/);
  refused({ layers: 'no' }, MediaType.ociManifest, /"layers" is not a list/);
  refused({ layers: [{}] }, MediaType.ociManifest, /"layers\[0\]" has no mediaType/);
  refused(Buffer.alloc(MAX_MANIFEST_BYTES + 1, 32), MediaType.ociManifest, /larger than/);
  // Two readers could take it for two images.
  refused(Buffer.from('{"layers":[],"layers":[]}'), MediaType.ociManifest, /a name twice/);
});

test('what is refused is quoted in few words, however much of it there is', () => {
  const long = 'x'.repeat(1_000_000);
  const deep: unknown = JSON.parse('['.repeat(90) + ']'.repeat(90));
  for (const wrong of [
    { mediaType: long },
    { layers: [{ ...LAYER, digest: long }] },
    { layers: [{ ...LAYER, digest: deep }] },
  ]) {
    assert.throws(
      () => parseManifest(Buffer.from(JSON.stringify(wrong)), MediaType.ociManifest),
      (error) => error instanceof RegistryError && error.message.length < 500,
    );
  }
});

test('a descriptor is complete or refused', () => {
  const descriptor = { ...LAYER, urls: ['https://a.example'], annotations: { a: 'b' } };
  assert.deepEqual(parseDescriptor(descriptor, 'x'), descriptor);
  assert.deepEqual(parseDescriptor({ ...LAYER, platform: { os: 'linux' } }, 'x'), LAYER);
  for (const wrong of [
    undefined,
    null,
    'text',
    [],
    { ...LAYER, digest: `sha512:${'1'.repeat(128)}` },
    { ...LAYER, digest: 1 },
    { ...LAYER, size: -1 },
    { ...LAYER, size: 1.5 },
    { ...LAYER, size: '1' },
    { ...LAYER, size: 2 ** 60 },
    { ...LAYER, mediaType: undefined },
  ]) {
    assert.throws(() => parseDescriptor(wrong, 'x'), RegistryError);
  }
});

test('any bytes are a manifest or a RegistryError, nothing else', () => {
  const body = fc.oneof(
    fc.json(),
    fc
      .record(
        {
          schemaVersion: fc.constantFrom(1, 2, '2'),
          mediaType: fc.constantFrom(...Object.values(MediaType), 'x', 1),
          config: fc.jsonValue(),
          layers: fc.jsonValue(),
          manifests: fc.jsonValue(),
          subject: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(body, fc.constantFrom(...Object.values(MediaType)), (text, mediaType) => {
      try {
        const bytes = Buffer.from(text);
        assert.equal(parseManifest(bytes, mediaType).digest, digestOf(bytes));
      } catch (error) {
        assert(error instanceof RegistryError);
      }
    }),
  );
});

test('manifests of both families are asked for, and recognised', () => {
  for (const mediaType of ACCEPT_MANIFESTS.split(', ')) {
    assert.equal(isManifestMediaType(mediaType), true);
  }
  assert.equal(ACCEPT_MANIFESTS.split(', ').length, 4);
  assert.equal(isManifestMediaType(MediaType.ociEmpty), false);
});
