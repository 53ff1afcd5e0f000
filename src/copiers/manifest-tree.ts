import { RegistryError } from '../errors.ts';
import {
  isManifestMediaType,
  MediaType,
  type Descriptor,
  type Manifest,
  type Platform,
} from '../registry/manifest.ts';
import { atDigest, formatReference, type Digest } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { CopySession } from './copy-session.ts';

/** A manifest and the manifests below it. */
export interface ManifestTree {
  readonly digest: Digest;
  /** Known for indexes and for the root; others are read only when they have to be copied. */
  readonly manifest: Manifest | undefined;
  readonly children: readonly ManifestTree[];
  /** Platforms that the manifest lists and nobody wants at the target; see `platforms.ts`. */
  readonly omitted?: readonly Platform[];
  /** What the source has in its place; see `rewritten-index.ts`. */
  readonly rewrittenFrom?: Digest;
}

/** Nested deeper than anybody builds; a bound for what somebody might forge. */
const MAX_DEPTH = 5;
const MAX_MANIFESTS = 1000;

/**
 * Reads a manifest of the source and every index below it.
 *
 * @throws RegistryError `REGISTRY_NOT_FOUND`, `REGISTRY_REFUSED` for what is too deep or too large
 */
export async function readTree(
  source: RegistryReader,
  root: Manifest,
  session: CopySession,
): Promise<ManifestTree> {
  let manifests = 0;
  const read = async (manifest: Manifest, depth: number): Promise<ManifestTree> => {
    const entries = childrenOf(manifest);
    manifests += entries.length;
    const why = whyTooMuch(depth, manifests);
    if (why !== undefined) refuse(session, why);
    const children = await session.all(
      entries.map(async ({ digest, mediaType }) =>
        isIndex(mediaType)
          ? read(await readManifest(source, digest, session), depth + 1)
          : { digest, manifest: undefined, children: [] },
      ),
    );
    return { digest: manifest.digest, manifest, children };
  };
  return read(root, 0);
}

/**
 * Why nobody goes on reading an image, if so.
 *
 * @param depth - how many indexes stand above the manifest
 * @param manifests - how many were listed so far in all of its indexes
 */
export function whyTooMuch(depth: number, manifests: number): string | undefined {
  if (depth > MAX_DEPTH) return `its indexes are nested deeper than ${MAX_DEPTH}`;
  return manifests > MAX_MANIFESTS ? `it holds more than ${MAX_MANIFESTS} manifests` : undefined;
}

/** Reads one manifest of the image's repository. */
export async function readManifest(
  source: RegistryReader,
  digest: Digest,
  session: CopySession,
): Promise<Manifest> {
  session.stopped.throwIfAborted();
  const reference = atDigest(session.source, digest);
  const manifest = await source.getManifest(reference, session.options);
  if (manifest !== undefined) return manifest;
  throw new RegistryError(
    'REGISTRY_NOT_FOUND',
    `${formatReference(reference)} is not there${digest === session.source.digest ? '' : `, though ${formatReference(session.source)} refers to it`}; it was deleted, or never pushed in full`,
    { side: 'source' },
  );
}

/**
 * Reads a manifest that its index lists as an image. If it is an index itself, what it leads to was not
 * looked at, and would be missing at the target.
 *
 * @throws RegistryError `REGISTRY_REFUSED`: it is not what its index says
 */
export async function readLeaf(
  source: RegistryReader,
  digest: Digest,
  session: CopySession,
): Promise<Manifest> {
  const manifest = await readManifest(source, digest, session);
  if (manifest.kind === 'image') return manifest;
  return refuse(session, `it lists ${digest} as an image, which is an index`);
}

/** All digests of a tree, each once; its root first. */
export function digestsOf(tree: ManifestTree): readonly Digest[] {
  return [...new Set([tree.digest, ...tree.children.flatMap(digestsOf)])];
}

/** The blobs a manifest itself refers to, each once, without those that are to be had elsewhere. */
export function blobsOf(manifest: Manifest): readonly Descriptor[] {
  const all =
    manifest.kind === 'index'
      ? manifest.manifests.filter(({ mediaType }) => !isManifestMediaType(mediaType))
      : [...(manifest.config === undefined ? [] : [manifest.config]), ...manifest.layers];
  // One blob may stand in several places, as the payload of several signatures does.
  const unique = new Map(all.map((blob) => [blob.digest, blob]));
  return [...unique.values()].filter((blob) => !isForeign(blob));
}

/** The manifests that an index lists, each once. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === 'image') return [];
  const children = manifest.manifests.filter(({ mediaType }) => isManifestMediaType(mediaType));
  return [...new Map(children.map((child) => [child.digest, child])).values()];
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MediaType.ociIndex || mediaType === MediaType.dockerManifestList;
}

/** Layers that a registry need not hold. Their `urls` lead anywhere and are never followed. */
function isForeign({ mediaType, urls }: Descriptor): boolean {
  return urls !== undefined || /\.(?:foreign|nondistributable)\./.test(mediaType);
}

function refuse(session: CopySession, why: string): never {
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `${formatReference(session.source)} is not copied: ${why}. Ask its publisher whether that is meant.`,
    { side: 'source' },
  );
}
