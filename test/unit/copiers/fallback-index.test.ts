import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToFallbackIndex } from '../../../src/copiers/fallback-index.ts';
import { MediaType, parseManifest, type Manifest } from '../../../src/registry/manifest.ts';
import { buildArtifact, buildImage, buildIndex, type TestImage } from '../../support/images.ts';

const subject = buildImage({ seed: 'subject' }).descriptor;
const layers = [{ mediaType: 'text/plain', bytes: Buffer.from('text') }];

function manifestOf(image: TestImage): Manifest {
  const stored = image.manifests.at(-1);
  assert(stored);
  return parseManifest(stored.bytes, stored.mediaType);
}

function entriesOf(bytes: Uint8Array | undefined): readonly Record<string, unknown>[] {
  assert(bytes);
  return (JSON.parse(Buffer.from(bytes).toString()) as { manifests: Record<string, unknown>[] })
    .manifests;
}

test('a new list is an index of what is attached, with type and annotations', () => {
  const annotations = { 'org.opencontainers.image.created': '2025-01-01T00:00:00Z' };
  const sbom = buildArtifact({
    subject,
    artifactType: 'application/spdx+json',
    annotations,
    layers,
  });
  const bytes = addToFallbackIndex(undefined, [manifestOf(sbom)]);
  assert(bytes);
  assert.equal(parseManifest(bytes, MediaType.ociIndex).kind, 'index');
  const { mediaType, digest, size } = sbom.descriptor;
  assert.deepEqual(entriesOf(bytes), [
    { mediaType, digest, size, artifactType: 'application/spdx+json', annotations },
  ]);
});

test('without an artifactType the type of its config stands in; an index has none', () => {
  const old = buildArtifact({ subject, configType: 'application/vnd.example.config', layers });
  const index = buildIndex({ subject, children: [] });
  const [first, second] = entriesOf(
    addToFallbackIndex(undefined, [manifestOf(old), manifestOf(index)]),
  );
  assert.equal(first?.['artifactType'], 'application/vnd.example.config');
  assert.equal(second !== undefined && 'artifactType' in second, false);
});

test('entries and keys of others stay as they are', () => {
  const current = {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    unknown: { kept: true },
    manifests: [{ ...subject, futureKey: [1, 2] }],
  };
  const index = parseManifest(Buffer.from(JSON.stringify(current)), MediaType.ociIndex);
  const added = buildArtifact({ subject, layers });
  const bytes = addToFallbackIndex(index, [manifestOf(added)]);
  assert(bytes);
  const { manifests, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as typeof current;
  assert.deepEqual(rest, {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    unknown: { kept: true },
  });
  assert.deepEqual(manifests[0], current.manifests[0]);
  assert.equal(manifests.length, 2);
});

test('a list that has everything is left alone', () => {
  const added = manifestOf(buildArtifact({ subject, layers }));
  const bytes = addToFallbackIndex(undefined, [added]);
  assert(bytes);
  assert.equal(addToFallbackIndex(parseManifest(bytes, MediaType.ociIndex), [added]), undefined);
});
