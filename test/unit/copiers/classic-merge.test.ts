import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeClassic } from '../../../src/copiers/classic-merge.ts';
import { parseManifest, type Manifest } from '../../../src/registry/manifest.ts';
import { buildArtifact, buildIndex } from '../../support/images.ts';

function signatures(...signers: string[]): Manifest {
  const [manifest] = buildArtifact({
    layers: signers.map((signer) => ({
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      bytes: Buffer.from('one payload'),
      annotations: { 'dev.cosignproject.cosign/signature': signer },
    })),
  }).manifests;
  assert(manifest);
  return parseManifest(manifest.bytes, manifest.mediaType);
}

test('what the target has in full is kept', () => {
  assert.deepEqual(mergeClassic(signatures('a', 'b'), signatures('b')), { kind: 'keep' });
});

test('what the source has in full comes as it is', () => {
  assert.deepEqual(mergeClassic(signatures('a'), signatures('a', 'b')), { kind: 'replace' });
});

test('what each has alone is brought together, though the payload is one', () => {
  const merge = mergeClassic(signatures('a', 'theirs'), signatures('a', 'ours'));
  assert(merge.kind === 'merge');
  const { bytes, mediaType, digest } = merge.manifest;
  const manifest = parseManifest(bytes, mediaType);
  assert.equal(manifest.digest, digest);
  assert(manifest.kind === 'image');
  assert.deepEqual(
    manifest.layers.map(({ annotations }) => Object.values(annotations ?? {})),
    [['a'], ['theirs'], ['ours']],
  );
  assert.deepEqual(mergeClassic(manifest, signatures('a', 'ours')), { kind: 'keep' });
});

test('an index has no signatures to keep', () => {
  const [stored] = buildIndex({ children: [] }).manifests;
  assert(stored);
  const index = parseManifest(stored.bytes, stored.mediaType);
  assert.deepEqual(mergeClassic(index, signatures('a')), { kind: 'replace' });
});
