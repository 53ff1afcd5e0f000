import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  digestOf,
  MediaType,
  type Descriptor,
  type Platform,
} from '../../src/registry/manifest.ts';
import type { Digest } from '../../src/registry/reference.ts';
import type { RepositoryStore, StoredManifest } from './registry/store.ts';

/** Something a registry can hold: an image, an index or an artifact, with all it refers to. */
export interface TestImage {
  /** What an index or a `subject` says of it. */
  readonly descriptor: Descriptor;
  readonly digest: Digest;
  /** Itself last, what it refers to before it. */
  readonly manifests: readonly StoredManifest[];
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

export interface ImageOptions {
  /** Equal seeds and options give equal bytes. */
  readonly seed: string;
  readonly format?: 'oci' | 'docker';
  /** Bytes of content of each layer; two small layers by default. */
  readonly layers?: readonly number[];
  /** Layers of another image to begin with, as from a base image. */
  readonly base?: readonly Layer[];
  readonly platform?: Platform;
  /** ISO 8601. */
  readonly created?: string;
}

/** A gzip-compressed tar of one file. */
export interface Layer {
  readonly bytes: Uint8Array;
  /** Digest of the tar itself, as an image's config lists it. */
  readonly diffId: Digest;
}

const TAR_BLOCK = 512;
const LINUX: Platform = { os: 'linux', architecture: 'amd64' };

/** Bytes that look random and depend on the seed alone. */
export function seededBytes(seed: string, size: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export function buildLayer(seed: string, size: number): Layer {
  const tar = tarOf(
    `data/${createHash('sha256').update(seed).digest('hex')}`,
    seededBytes(seed, size),
  );
  return { bytes: gzipSync(tar, { level: 1 }), diffId: digestOf(tar) };
}

/** One platform's image. */
export function buildImage(options: ImageOptions): TestImage {
  const docker = options.format === 'docker';
  const platform = options.platform ?? LINUX;
  const layers = [
    ...(options.base ?? []),
    ...(options.layers ?? [1000, 200]).map((size, index) =>
      buildLayer(`${options.seed}/${platform.architecture}/${index}`, size),
    ),
  ];
  const config = json({
    created: options.created ?? '2025-01-01T00:00:00Z',
    ...platform,
    config: { Labels: { seed: options.seed } },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created_by: 'COPY data' })),
  });
  const layerType = docker
    ? 'application/vnd.docker.image.rootfs.diff.tar.gzip'
    : 'application/vnd.oci.image.layer.v1.tar+gzip';
  const configType = docker
    ? 'application/vnd.docker.container.image.v1+json'
    : 'application/vnd.oci.image.config.v1+json';
  return buildManifest(
    {
      mediaType: docker ? MediaType.dockerManifest : MediaType.ociManifest,
      config: describe(configType, config),
      layers: layers.map(({ bytes }) => describe(layerType, bytes)),
    },
    [config, ...layers.map(({ bytes }) => bytes)],
    platform,
  );
}

export interface IndexOptions {
  readonly format?: 'oci' | 'docker';
  readonly children: readonly TestImage[];
  /** Adds a BuildKit attestation for each child, with the platform `unknown/unknown`. */
  readonly attestations?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
}

/** Several images under one digest. */
export function buildIndex(options: IndexOptions): TestImage {
  const attestations = options.attestations ? options.children.map(buildAttestation) : [];
  const children = [...options.children, ...attestations];
  return assemble(
    {
      schemaVersion: 2,
      mediaType: options.format === 'docker' ? MediaType.dockerManifestList : MediaType.ociIndex,
      manifests: children.map(({ descriptor }) => descriptor),
      annotations: options.annotations,
      subject: options.subject,
    },
    children,
    [],
  );
}

/** Two platforms with attestations, as BuildKit pushes them. */
export function buildMultiArch(seed: string, options: Partial<ImageOptions> = {}): TestImage {
  const children = ['amd64', 'arm64'].map((architecture) =>
    buildImage({ ...options, seed, platform: { os: 'linux', architecture } }),
  );
  return buildIndex({
    children,
    attestations: true,
    ...(options.format === undefined ? {} : { format: options.format }),
  });
}

export interface ArtifactOptions {
  /** The manifest it is attached to; a classic signature names it by its tag only. */
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The config's media type; the empty descriptor of OCI 1.1 by default. */
  readonly configType?: string;
  readonly layers: readonly {
    readonly mediaType: string;
    readonly bytes: Uint8Array;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

/** Something that is not an image: a signature, an attestation, an SBOM. */
export function buildArtifact(options: ArtifactOptions): TestImage {
  const config = Buffer.from('{}');
  return buildManifest(
    {
      mediaType: MediaType.ociManifest,
      artifactType: options.artifactType,
      config: describe(options.configType ?? MediaType.ociEmpty, config),
      layers: options.layers.map(({ mediaType, bytes, annotations }) => ({
        ...describe(mediaType, bytes),
        ...(annotations === undefined ? {} : { annotations }),
      })),
      subject: options.subject,
      annotations: options.annotations,
    },
    [config, ...options.layers.map(({ bytes }) => bytes)],
  );
}

/** The tag under which something classic or a fallback index belongs to a digest. */
export function tagOf(digest: Digest, suffix: '' | '.sig' | '.att' | '.sbom' = ''): string {
  return `${digest.replace(':', '-')}${suffix}`;
}

/** Puts an image and all it refers to into a repository. */
export function push(repository: RepositoryStore, image: TestImage, ...tags: string[]): void {
  for (const bytes of image.blobs.values()) repository.putBlob(bytes);
  for (const manifest of image.manifests) repository.putManifest(manifest);
  for (const tag of tags) repository.tags.set(tag, image.digest);
}

/** What BuildKit adds to an index: in-toto statements in an image of no platform. */
function buildAttestation(image: TestImage): TestImage {
  const statement = json({
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    subject: [{ digest: { sha256: image.digest.slice('sha256:'.length) } }],
  });
  const config = json({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(statement)] },
  });
  const attestation = buildManifest(
    {
      mediaType: MediaType.ociManifest,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: [describe('application/vnd.in-toto+json', statement)],
    },
    [config, statement],
    { os: 'unknown', architecture: 'unknown' },
  );
  const annotations = {
    'vnd.docker.reference.digest': image.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return { ...attestation, descriptor: { ...attestation.descriptor, annotations } };
}

function buildManifest(
  body: Readonly<Record<string, unknown>> & { readonly mediaType: string },
  blobs: readonly Uint8Array[],
  platform?: Platform,
): TestImage {
  return assemble({ schemaVersion: 2, ...body }, [], blobs, platform);
}

function assemble(
  body: Readonly<Record<string, unknown>> & { readonly mediaType: string },
  children: readonly TestImage[],
  blobs: readonly Uint8Array[],
  platform?: Platform,
): TestImage {
  const bytes = json(body);
  const descriptor = {
    ...describe(body.mediaType, bytes),
    ...(platform === undefined ? {} : { platform }),
  };
  return {
    descriptor,
    digest: descriptor.digest,
    manifests: [
      ...children.flatMap(({ manifests }) => manifests),
      { digest: descriptor.digest, mediaType: body.mediaType, bytes },
    ],
    blobs: new Map([
      ...children.flatMap((child) => [...child.blobs]),
      ...blobs.map((blob) => [digestOf(blob), blob] as const),
    ]),
  };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

function json(value: unknown): Buffer {
  // Indented as most builders write it: re-serialising it would change the digest and be noticed.
  return Buffer.from(JSON.stringify(value, undefined, 3));
}

/** A tar archive of one file. */
function tarOf(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  header.write(name, 0);
  header.write(
    octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(content.byteLength, 12) + octal(0, 12),
    100,
  );
  // The checksum counts its own field as spaces.
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  const padding = Buffer.alloc((TAR_BLOCK - (content.byteLength % TAR_BLOCK)) % TAR_BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK)]);
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}
