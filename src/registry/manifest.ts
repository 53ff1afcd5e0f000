import { createHash } from 'node:crypto';
import { errorMessage, RegistryError } from '../errors.ts';
import { quote } from '../quote.ts';
import { isDigest, type Digest } from './reference.ts';
import { parseStrictJson } from './strict-json.ts';

export const MediaType = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
} as const;

/** Sent with every HEAD and GET of a manifest, always the same: the answer may depend on it. */
export const ACCEPT_MANIFESTS: string = [
  MediaType.ociIndex,
  MediaType.ociManifest,
  MediaType.dockerManifestList,
  MediaType.dockerManifest,
].join(', ');

/** Largest manifest read; registries accept 4 MiB, and some serve more. */
export const MAX_MANIFEST_BYTES: number = 8 * 1024 * 1024;

/** What one piece of content is and how to find it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  /** Where else a foreign layer can be had. Never followed: they lead anywhere. */
  readonly urls?: readonly string[];
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

interface ManifestBase {
  readonly digest: Digest;
  readonly mediaType: string;
  /** As the registry sent them. They are what was signed: never re-serialised. */
  readonly bytes: Uint8Array;
  readonly artifactType?: string;
  /** The manifest this one is attached to: a signature, an attestation, an SBOM. */
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One platform's image, or an artifact such as a signature. */
export interface ImageManifest extends ManifestBase {
  readonly kind: 'image';
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
}

/** Several manifests under one digest. */
export interface IndexManifest extends ManifestBase {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

export type Manifest = ImageManifest | IndexManifest;

/** The content address of some bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether a media type names a manifest rather than a blob. */
export function isManifestMediaType(mediaType: string): boolean {
  return Object.values(MediaType).some(
    (known) => known === mediaType && known !== MediaType.ociEmpty,
  );
}

/**
 * Understands a manifest's bytes without changing them.
 *
 * @param mediaType - the answer's `Content-Type`; the body's own `mediaType` must agree with it
 * @throws RegistryError `REGISTRY_REFUSED`: not a manifest this product copies
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const body = parseObject(bytes);
  const type = mediaTypeOf(body, mediaType);
  const base = {
    digest: digestOf(bytes),
    mediaType: type,
    bytes,
    ...(typeof body['artifactType'] === 'string' ? { artifactType: body['artifactType'] } : {}),
    ...(body['subject'] === undefined || body['subject'] === null
      ? {}
      : { subject: parseDescriptor(body['subject'], 'subject') }),
    ...(isStringRecord(body['annotations']) ? { annotations: body['annotations'] } : {}),
  };
  if (type === MediaType.ociIndex || type === MediaType.dockerManifestList) {
    return { ...base, kind: 'index', manifests: parseDescriptors(body['manifests'], 'manifests') };
  }
  return {
    ...base,
    kind: 'image',
    config: body['config'] === undefined ? undefined : parseDescriptor(body['config'], 'config'),
    layers: body['layers'] === undefined ? [] : parseDescriptors(body['layers'], 'layers'),
  };
}

function mediaTypeOf(body: Readonly<Record<string, unknown>>, header: string): string {
  if (body['schemaVersion'] === 1 || header.includes('docker.distribution.manifest.v1+')) {
    refuse(
      'it is a schema 1 manifest, which carries no verifiable content addresses; ask its publisher to push it again with a current tool',
    );
  }
  const [declared = ''] = header.split(';');
  const fromHeader = declared.trim();
  const fromBody = body['mediaType'];
  if (typeof fromBody === 'string' && fromBody !== '') {
    if (isManifestMediaType(fromHeader) && fromHeader !== fromBody) {
      refuse(`the registry calls it ${fromHeader}, the manifest itself ${quote(fromBody)}`);
    }
    if (!isManifestMediaType(fromBody)) refuse(`unknown media type ${quote(fromBody)}`);
    assertShape(body, fromBody);
    return fromBody;
  }
  if (!isManifestMediaType(fromHeader)) refuse(`unknown media type ${quote(fromHeader)}`);
  assertShape(body, fromHeader);
  return fromHeader;
}

/** One document must not be an index to one reader and an image to another (CVE-2021-41190). */
function assertShape(body: Readonly<Record<string, unknown>>, mediaType: string): void {
  const isIndex = mediaType === MediaType.ociIndex || mediaType === MediaType.dockerManifestList;
  const foreign = isIndex ? ['config', 'layers', 'fsLayers'] : ['manifests', 'fsLayers'];
  const found = foreign.find((key) => body[key] !== undefined);
  if (found !== undefined) refuse(`a ${mediaType} must not hold "${found}"`);
}

/**
 * Reads one descriptor.
 *
 * @throws RegistryError `REGISTRY_REFUSED`
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) return refuse(`"${where}" is not a descriptor`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string') return refuse(`"${where}" has no mediaType`);
  if (typeof digest !== 'string') return refuse(`"${where}" has no digest`);
  if (!isDigest(digest)) {
    return refuse(`"${where}" has the digest ${quote(digest)}; only sha256 is accepted`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return refuse(`"${where}" has no valid size`);
  }
  const { artifactType, annotations, platform, urls } = value;
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isStringRecord(annotations) ? { annotations } : {}),
    ...(isObject(platform) &&
    typeof platform['os'] === 'string' &&
    typeof platform['architecture'] === 'string'
      ? {
          platform: {
            os: platform['os'],
            architecture: platform['architecture'],
            ...(typeof platform['variant'] === 'string' ? { variant: platform['variant'] } : {}),
          },
        }
      : {}),
    ...(Array.isArray(urls) && urls.length > 0 ? { urls: urls.map(String) } : {}),
  };
}

function parseDescriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) return refuse(`"${where}" is not a list`);
  return value.map((item, index) => parseDescriptor(item, `${where}[${index}]`));
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    refuse(`it is larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (error) {
    return refuse(errorMessage(error), error);
  }
  return isObject(value) ? value : refuse('it is not a JSON object');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

function refuse(why: string, cause?: unknown): never {
  throw new RegistryError('REGISTRY_REFUSED', `not a usable manifest: ${why}`, { cause });
}
