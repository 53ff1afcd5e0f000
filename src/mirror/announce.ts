import { ConfigError, RegistryError } from '../errors.ts';
import { identityOf } from '../image-map/entry.ts';
import {
  formatReference,
  isSameRepository,
  parseReference,
  type Reference,
} from '../registry/reference.ts';
import type { Release } from '../releases/release-source.ts';
import type { NamedImage } from './discover.ts';
import type { TargetNaming } from './naming.ts';

export interface NamingPolicy {
  /** Registry of announced references that name none. */
  readonly sourceRegistry: string;
  /** Whether images may be fetched from this registry; the list of releases does not decide that. */
  readonly isAllowedSource: (registry: string) => boolean;
  readonly naming: TargetNaming;
}

/** An announced image that has no usable names. */
export interface UnnamedImage {
  readonly release: Release;
  readonly error: unknown;
}

/**
 * Gives every announced image its source and its target. One that cannot be named does not keep
 * the others from being mirrored.
 */
export function nameImages(
  releases: readonly Release[],
  policy: NamingPolicy,
): readonly (NamedImage | UnnamedImage)[] {
  const named = releases.map((release): NamedImage | UnnamedImage => {
    try {
      const source = parseReference(release.image, policy.sourceRegistry);
      assertAllowed(source, policy);
      assertKey(release.image);
      const target = policy.naming(release, source);
      const image = { release, source, target };
      return { ...image, keepsTags: keepsTags(image, policy.naming) };
    } catch (error) {
      return { release, error };
    }
  });
  return refuseCollisions(named);
}

function assertAllowed(source: Reference, policy: NamingPolicy): void {
  if (policy.isAllowedSource(source.registry)) return;
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `${formatReference(source)} is announced from ${source.registry}, which is not configured as a source. If it is meant to be one, name it under registries: in the configuration.`,
    { side: 'source' },
  );
}

/** Asks how another release of the image would be called: a template may use version or tag anywhere. */
function keepsTags(
  { release, source, target }: Omit<NamedImage, 'keepsTags'>,
  naming: TargetNaming,
): boolean {
  if (source.kind !== 'tag' || source.tag !== target.tag) return false;
  const [version, tag] = ['another-version', 'another-tag'];
  try {
    const another = naming({ ...release, version }, { ...source, tag });
    return isSameRepository(another, target) && another.tag === tag;
  } catch {
    // A naming that knows only some tags does not keep them all.
    return false;
  }
}

/** The map reads its keys by itself: one that is too long for it would spoil everybody's edit. */
function assertKey(image: string): void {
  identityOf(image);
}

function refuseCollisions(
  images: readonly (NamedImage | UnnamedImage)[],
): readonly (NamedImage | UnnamedImage)[] {
  const named = images.filter((image) => 'target' in image);
  const sameTarget = rivals(named, ({ target }) => formatReference(target));
  const sameKey = rivals(named, ({ release }) => identityOf(release.image));
  return images.map((image) => {
    if (!('target' in image)) return image;
    const { release } = image;
    const rival = sameTarget.get(image);
    if (rival !== undefined) return { release, error: wouldShareTarget(image, rival) };
    const twin = sameKey.get(image);
    if (twin !== undefined) return { release, error: wouldShareEntry(image, twin) };
    return image;
  });
}

/** For every image that shares its key with others, one of them. */
function rivals(
  images: readonly NamedImage[],
  keyOf: (image: NamedImage) => string,
): ReadonlyMap<NamedImage, NamedImage> {
  const byKey = Map.groupBy(images, keyOf);
  return new Map(
    [...byKey.values()].flatMap((group) => {
      const [first, second] = group;
      if (first === undefined || second === undefined) return [];
      return group.map((image) => [image, image === first ? second : first] as const);
    }),
  );
}

/** Two images under one tag would overwrite each other on every run, and the map would lie. */
function wouldShareTarget(image: NamedImage, rival: NamedImage): ConfigError {
  return new ConfigError([
    {
      path: 'target.image',
      message: `${image.release.image} and ${rival.release.image} would both become ${formatReference(image.target)}: use {repository} or {name} and {tag} in the template, or target.overrides`,
    },
  ]);
}

/** The map reads a reference without a registry as one of Docker Hub, whatever the source is. */
function wouldShareEntry(image: NamedImage, rival: NamedImage): ConfigError {
  return new ConfigError([
    {
      path: 'source.registry',
      message: `${image.release.image} (${formatReference(image.source)}) and ${rival.release.image} (${formatReference(rival.source)}) are one entry of the map: leave one of them out by releases.exclude`,
    },
  ]);
}
