import type { ImageCopier } from '../copiers/image-copier.ts';
import { MapStoreError, RegistryError, type MirrorError } from '../errors.ts';
import type { ImageMap, Resolution } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import {
  atDigest,
  formatReference,
  isSameRepository,
  parseReference,
  parseReferenceParts,
  type Digest,
  type Reference,
  type TagReference,
} from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Release } from '../releases/release-source.ts';

/** An announced image with the names it has; nothing was asked yet. */
export interface NamedImage {
  readonly release: Release;
  readonly source: Reference;
  /** Where `target.image` puts it. */
  readonly target: TagReference;
  /** Whether every tag of the repository has the same tag there, so that one entry can serve all. */
  readonly keepsTags: boolean;
}

/** An image that the target has served under its tag, with the digest that was verified. */
export interface CopiedImage extends NamedImage {
  readonly digest: Digest;
}

/** What both registries and the map said about an image at one moment. */
export interface ObservedImage extends NamedImage {
  /** `undefined`: the source does not have it. */
  readonly sourceDigest: Digest | undefined;
  /** Where the map sends the announced reference today. */
  readonly mapped: Resolution;
  /** What a copy of it is at the target, if that is another digest: its index is rewritten. */
  readonly copiedDigest?: Digest;
  /**
   * What the target holds: under the map's own entry if that leads elsewhere than `target`,
   * otherwise under `target`. `undefined`: nothing.
   */
  readonly targetDigest: Digest | undefined;
}

export interface DiscoverDependencies {
  readonly source: RegistryReader;
  readonly target: RegistryReader;
  readonly map: ImageMap;
  /** Whether an entry of the map that leads elsewhere is to be left alone. */
  readonly keepsForeignEntries: boolean;
  /** Tells what a copy of an image is called, where indexes are rewritten. */
  readonly copiedDigest?: ImageCopier['copiedDigest'];
  /**
   * Whether an image that the map does not send to its target is read at once, for it is about to be
   * copied or recorded, and both take its manifest: one request instead of two.
   */
  readonly readsUnmapped?: boolean;
}

/**
 * Observes one image: one HEAD at the source, one at the target, side by side, and nothing else. An
 * image that is new to the map may be read at the source instead of asked for; where indexes are
 * rewritten and the two differ, the source's has to be read as well.
 *
 * @throws RegistryError of the side that could not be asked
 */
export async function discover(
  image: NamedImage,
  {
    source,
    target,
    map,
    keepsForeignEntries,
    copiedDigest,
    readsUnmapped = false,
  }: DiscoverDependencies,
  options: Options,
): Promise<ObservedImage> {
  const mapped = map.resolve(image.release.image);
  const elsewhere = keepsForeignEntries ? foreignReference(image, mapped) : undefined;
  const isRead = readsUnmapped && elsewhere === undefined && !isMappedToTarget(image, mapped);
  const [sourceHead, targetHead] = await Promise.all([
    isRead ? source.getManifest(image.source, options) : source.head(image.source, options),
    target.head(elsewhere ?? image.target, options),
  ]);
  const observed = {
    ...image,
    mapped,
    sourceDigest: sourceHead?.digest,
    targetDigest: targetHead?.digest,
  };
  const { sourceDigest, targetDigest } = observed;
  if (copiedDigest === undefined || elsewhere !== undefined) return observed;
  if (sourceDigest === undefined || targetDigest === undefined) return observed;
  if (sourceDigest === targetDigest) return observed;
  const copied = await copiedDigest(atDigest(image.source, sourceDigest), options);
  return copied === sourceDigest ? observed : { ...observed, copiedDigest: copied };
}

/** What the target is to hold: what the source has, unless its index is rewritten. */
export function wantedDigest(image: ObservedImage): Digest | undefined {
  return image.copiedDigest ?? image.sourceDigest;
}

/** Whether the map sends the image to where `target.image` puts it. */
export function isMappedToTarget(image: NamedImage, mapped: Resolution): boolean {
  if (mapped.rule === 'unchanged') return false;
  const { registry, repository, tag, digest } = parseReferenceParts(mapped.reference);
  const { target } = image;
  return isSameRepository({ registry, repository }, target) && tag === target.tag && !digest;
}

/** Whether the map sends the image to another place than `target.image` says. */
export function isMappedElsewhere(image: NamedImage, mapped: Resolution): boolean {
  return mapped.rule !== 'unchanged' && !isMappedToTarget(image, mapped);
}

/**
 * Where the map sends the image, if that is another place than `target.image` says.
 *
 * @throws MapStoreError `MAP_INVALID`: the entry names a repository, but no image in it
 */
export function foreignReference(image: NamedImage, mapped: Resolution): Reference | undefined {
  if (!isMappedElsewhere(image, mapped)) return undefined;
  try {
    return parseReference(mapped.reference);
  } catch (error) {
    throw new MapStoreError(
      'MAP_INVALID',
      `The map sends ${image.release.image} to ${JSON.stringify(mapped.reference)}, which is not an image: correct the entry ${JSON.stringify(mapped.key)}.`,
      error,
    );
  }
}

/** The failure of an image that stands in the release list and nowhere else. */
export function notAtSource(image: NamedImage): MirrorError {
  return new RegistryError(
    'REGISTRY_NOT_FOUND',
    `${formatReference(image.source)} is announced, but the source registry does not have it. The catalogue may be ahead of the publication by some minutes: the next run looks again.`,
    { side: 'source', status: 404 },
  );
}
