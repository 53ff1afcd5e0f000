import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { CopySession } from '../../../src/copiers/copy-session.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { atDigest, atTag } from '../../../src/registry/reference.ts';
import { blobsOf, digestsOf, readManifest, readTree } from '../../../src/copiers/manifest-tree.ts';
import type { ManifestTree } from '../../../src/copiers/manifest-tree.ts';
import { digestOf, MediaType, parseManifest } from '../../../src/registry/manifest.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  push,
  type TestImage,
} from '../../support/images.ts';

async function read(image: TestImage): Promise<{ tree: ManifestTree; reads: number }> {
  const source = new MemoryRegistry();
  push(source.repository('src.example/app'), image);
  const session = new CopySession(
    { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
    { kind: 'tag', registry: 'dst.example', repository: 'app', tag: '1.0' },
    {},
  );
  const root = await readManifest(source, image.digest, session);
  return { tree: await readTree(source, root, session), reads: source.calls.length };
}

function nest(image: TestImage, levels: number): TestImage {
  return levels === 0 ? image : nest(buildIndex({ children: [image] }), levels - 1);
}

test('reads indexes and leaves the images below them for later', async () => {
  const images = ['a', 'b', 'c'].map((seed) => buildImage({ seed }));
  const inner = buildIndex({ children: images });
  const { tree, reads } = await read(buildIndex({ children: [inner] }));
  assert.equal(reads, 2);
  assert.equal(digestsOf(tree).length, 5);
});

test('a child that stands in an index twice is one child', async () => {
  const image = buildImage({ seed: 'twice' });
  const { tree } = await read(buildIndex({ children: [image, image] }));
  assert.equal(tree.children.length, 1);
});

test('an index that its parent lists as an image is not copied without what it leads to', async () => {
  const inner = buildIndex({ children: [buildImage({ seed: 'hidden' })] });
  const disguised = {
    ...inner,
    descriptor: { ...inner.descriptor, mediaType: MediaType.ociManifest },
  };
  const outer = buildIndex({ children: [disguised] });
  const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
  push(source.repository('src.example/app'), outer);
  const copier = createRegistryCopier({ source, target, signatures: false });
  const from = atDigest({ registry: 'src.example', repository: 'app' }, outer.digest);
  const to = atTag({ registry: 'dst.example', repository: 'app' }, '1.0');
  await assert.rejects(
    copier.copy(from, to),
    isRefusal(/lists sha256:\w+ as an image, which is an index/),
  );
  assert.equal(await target.head(to), undefined);
});

test('five levels of indexes are read, more are refused', async () => {
  const image = buildImage({ seed: 'deep' });
  await read(nest(image, 6));
  await assert.rejects(read(nest(image, 7)), isRefusal(/deeper than 5/));
});

test('an index of more than a thousand manifests is refused', async () => {
  const children = Array.from({ length: 1001 }, (_, number) =>
    buildArtifact({ layers: [], annotations: { number: String(number) } }),
  );
  await assert.rejects(read(buildIndex({ children })), isRefusal(/more than 1000/));
});

test('blobs: each once, an index may have some, and foreign layers are not ours', () => {
  assert.deepEqual(
    blobsIn(MediaType.dockerManifest, {
      config: blob('application/vnd.docker.container.image.v1+json', 'config'),
      layers: [
        blob('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'windows'),
        blob('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'licensed'),
        blob('application/vnd.docker.image.rootfs.diff.tar.gzip', 'elsewhere', [
          'http://10.0.0.1/',
        ]),
        blob('application/vnd.docker.image.rootfs.diff.tar.gzip', 'layer'),
        blob('application/vnd.docker.image.rootfs.diff.tar.gzip', 'layer'),
      ],
    }),
    digestsOfTexts('config', 'layer'),
  );
  assert.deepEqual(
    blobsIn(MediaType.ociIndex, {
      manifests: [blob(MediaType.ociManifest, 'child'), blob('text/plain', 'a blob')],
    }),
    digestsOfTexts('a blob'),
  );
});

function blob(mediaType: string, text: string, urls?: string[]): object {
  const digest = digestOf(Buffer.from(text));
  return { mediaType, digest, size: 1, ...(urls === undefined ? {} : { urls }) };
}

function blobsIn(mediaType: string, body: object): readonly string[] {
  const bytes = Buffer.from(JSON.stringify({ mediaType, ...body }));
  return blobsOf(parseManifest(bytes, mediaType)).map(({ digest }) => digest);
}

function digestsOfTexts(...texts: string[]): string[] {
  return texts.map((text) => digestOf(Buffer.from(text)));
}

function isRefusal(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RegistryError);
    assert.deepEqual([error.code, error.side], ['REGISTRY_REFUSED', 'source']);
    assert.match(error.message, message);
    return true;
  };
}
