import { ConfigError, RegistryError } from '../errors.ts';
import { formatReference, parseReference, type Reference } from '../registry/reference.ts';
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
      return { release, source, target: policy.naming(release, source) };
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

/** Two images under one tag would overwrite each other on every run, and the map would lie. */
function refuseCollisions(
  images: readonly (NamedImage | UnnamedImage)[],
): readonly (NamedImage | UnnamedImage)[] {
  const byTarget = Map.groupBy(images, (image) =>
    'target' in image ? formatReference(image.target) : undefined,
  );
  return images.map((image) => {
    if (!('target' in image)) return image;
    const target = formatReference(image.target);
    const rivals = (byTarget.get(target) ?? []).filter((other) => other !== image);
    const [rival] = rivals;
    if (rival === undefined) return image;
    return {
      release: image.release,
      error: new ConfigError([
        {
          path: 'target.image',
          message: `${image.release.image} and ${rival.release.image} would both become ${target}: use {repository} or {name} and {tag} in the template, or target.overrides`,
        },
      ]),
    };
  });
}
