import { createCipheriv, createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pLimit from 'p-limit';
import { digestOf, MediaType, type Descriptor } from '../src/registry/manifest.ts';
import type { Digest } from '../src/registry/reference.ts';

/** One image of a corpus: what it is called, and the sizes of its layers by their seeds. */
export interface CorpusImage {
  readonly repository: string;
  readonly tag: string;
  readonly layers: readonly { readonly seed: string; readonly bytes: number }[];
}

export type CorpusName = 'a' | 'b' | 'c' | 'c100' | 'signed-a' | 'signed-c100';

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const MB = 1_000_000;

const shared = [
  { seed: 'a/shared-80', bytes: 80 * MB },
  { seed: 'a/shared-20-1', bytes: 20 * MB },
  { seed: 'a/shared-20-2', bytes: 20 * MB },
];

const tiny = Array.from({ length: 300 }, (_, index): CorpusImage => {
  const repository = `c/tiny${String(Math.floor(index / 5)).padStart(2, '0')}`;
  const tag = `v${(index % 5) + 1}`;
  const layers = [0, 1, 2].map((n) => ({ seed: `${repository}:${tag}/${n}`, bytes: 10_000 }));
  return { repository, tag, layers };
});

const a = Array.from({ length: 12 }, (_, index): CorpusImage => {
  const repository = `a/app${String(index + 1).padStart(2, '0')}`;
  const own = [5, 1].map((size) => ({ seed: `${repository}/${size}`, bytes: size * MB }));
  return { repository, tag: 'v1', layers: [...shared, ...own] };
});

/** The same images in repositories of their own, to be signed there. */
function toBeSigned(images: readonly CorpusImage[]): readonly CorpusImage[] {
  return images.map((image) => ({ ...image, repository: `signed/${image.repository}` }));
}

/** What is copied. Layers of the same seed are the same blob. */
export const CORPORA: Readonly<Record<CorpusName, readonly CorpusImage[]>> = {
  /** Twelve images that share most of their bytes. */
  a,
  /** One image of four large layers. */
  b: [
    {
      repository: 'b/big',
      tag: 'v1',
      layers: [1000, 200, 201, 202].map((size) => ({ seed: `b/${size}`, bytes: size * MB })),
    },
  ],
  /** Three hundred images of next to nothing, five to a repository. */
  c: tiny,
  /** The first hundred of them. */
  c100: tiny.slice(0, 100),
  'signed-a': toBeSigned(a),
  'signed-c100': toBeSigned(tiny.slice(0, 100)),
};

/** `repository:tag` of every image of a corpus. */
export function referencesOf(name: CorpusName): readonly string[] {
  return CORPORA[name].map(({ repository, tag }) => `${repository}:${tag}`);
}

/**
 * Makes the images of some corpora and puts them into a registry that speaks plain http.
 *
 * @param sign - gives the signature's layer for the digest of an image
 */
export async function pushCorpora(
  url: string,
  names: readonly CorpusName[],
  sign?: (digest: Digest) => SignatureLayer,
): Promise<void> {
  const layers = new Map<string, Promise<Descriptor>>();
  const limit = pLimit(2);
  const push = async ({ repository, tag, layers: wanted }: CorpusImage): Promise<void> => {
    const descriptors: Descriptor[] = [];
    for (const { seed, bytes } of wanted) {
      const known = layers.get(seed) ?? describeLayer(seed, bytes);
      layers.set(seed, known);
      const descriptor = await known;
      descriptors.push(descriptor);
      await putBlob(url, repository, descriptor, gzipped(seed, bytes));
    }
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Env: [`NAME=${repository}:${tag}`] },
        rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
        history: wanted.map(({ seed }) => ({ created_by: seed })),
      }),
    );
    const digest = await putManifest(url, { repository, tag, config, layers: descriptors });
    if (sign === undefined) return;
    const { bytes, ...signature } = sign(digest);
    const layer = { ...signature, digest: digestOf(bytes), size: bytes.byteLength };
    await putBlob(url, repository, layer, Readable.from([bytes]));
    const signatureTag = `${digest.replace(':', '-')}.sig`;
    const empty = Buffer.from('{"architecture":"","os":"","config":{},"rootfs":{}}');
    await putManifest(url, { repository, tag: signatureTag, config: empty, layers: [layer] });
  };
  for (const name of names) {
    await Promise.all(CORPORA[name].map((image) => limit(() => push(image))));
  }
}

/** What a signature's manifest has as its layer, with its content. */
export interface SignatureLayer {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

async function putManifest(
  url: string,
  image: {
    readonly repository: string;
    readonly tag: string;
    readonly config: Buffer;
    readonly layers: readonly Descriptor[];
  },
): Promise<Digest> {
  const { repository, tag, layers } = image;
  const config = describe(CONFIG_TYPE, digestOf(image.config), image.config.byteLength);
  await putBlob(url, repository, config, Readable.from([image.config]));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers }),
  );
  const type = MediaType.ociManifest;
  const to = new URL(`/v2/${repository}/manifests/${tag}`, url);
  await send('PUT', to, { type, body: Readable.from([bytes]) });
  return digestOf(bytes);
}

/** Bytes that do not compress, the same for the same seed, in a gzip envelope: tools look for it. */
function gzipped(seed: string, bytes: number): Readable {
  const compressor = createGzip({ level: 0 });
  // A failure surfaces where the result is read.
  pipeline(Readable.from(noise(seed, bytes)), compressor).catch(() => undefined);
  return compressor;
}

function* noise(seed: string, bytes: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(256 * 1024);
  for (let left = bytes; left > 0; left -= zeros.byteLength) {
    yield cipher.update(zeros.subarray(0, left));
  }
}

async function describeLayer(seed: string, bytes: number): Promise<Descriptor> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of gzipped(seed, bytes) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return describe(LAYER_TYPE, `sha256:${hash.digest('hex')}`, size);
}

function describe(mediaType: string, digest: Digest, size: number): Descriptor {
  return { mediaType, digest, size };
}

async function putBlob(
  url: string,
  repository: string,
  { digest, size }: Descriptor,
  body: Readable,
): Promise<void> {
  const begun = await send('POST', new URL(`/v2/${repository}/blobs/uploads/`, url), {});
  const session = new URL(begun ?? '', url);
  session.searchParams.set('digest', digest);
  await send('PUT', session, { type: 'application/octet-stream', size, body });
}

/** @returns the answer's `Location` */
async function send(
  method: string,
  url: URL,
  {
    type,
    size,
    body,
  }: { readonly type?: string; readonly size?: number; readonly body?: Readable },
): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const request = httpRequest(url, {
    method,
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(body === undefined ? { 'content-length': 0 } : {}),
      ...(size === undefined ? {} : { 'content-length': size }),
    },
  });
  request.on('error', reject);
  request.on('response', (response) => {
    const status = response.statusCode ?? 0;
    response.resume();
    response.on('end', () => {
      if (status >= 200 && status < 300) resolve(response.headers.location);
      else reject(new Error(`${method} ${url.pathname}: ${status}`));
    });
  });
  if (body === undefined) request.end();
  else pipeline(body, request).catch(reject);
  return promise;
}
