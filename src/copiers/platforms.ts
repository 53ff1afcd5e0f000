import { RegistryError } from '../errors.ts';
import type { Descriptor, Platform } from '../registry/manifest.ts';
import { formatPlatform, matchesPlatform } from '../registry/platform.ts';
import { formatReference, type DigestReference, type Reference } from '../registry/reference.ts';
import { digestsOf, type ManifestTree } from './manifest-tree.ts';

/** By which BuildKit ties an attestation to the manifest it is about. */
const ATTESTS = 'vnd.docker.reference.digest';
const UNKNOWN = 'unknown';

/**
 * What is to be copied of an image if only some platforms are wanted: its index with all its bytes,
 * and under it the wanted platforms with their attestations. Entries of no platform stay.
 *
 * An image that is no index is for one platform and is copied whole.
 *
 * @throws RegistryError `REGISTRY_REFUSED`: it has none of them
 */
export function selectPlatforms(
  tree: ManifestTree,
  wanted: readonly Platform[],
  source: DigestReference,
): ManifestTree {
  const selected = select(tree, wanted);
  if (!isSparse(selected) || platformsOf(selected).some(isWanted(wanted))) return selected;
  const all = new Set(platformsOf(tree).map(formatPlatform));
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `${formatReference(source)} is not copied: it has none of ${wanted.map(formatPlatform).join(', ')} (copy.platforms); it is for ${[...all].join(', ')}`,
    { side: 'source' },
  );
}

/** Whether an index of the tree leads to manifests that are not copied. */
export function isSparse(tree: ManifestTree): boolean {
  return tree.omitted !== undefined || tree.children.some(isSparse);
}

/** The platforms that are left out, each once: `linux/arm64`. */
export function omittedPlatforms(tree: ManifestTree): readonly string[] {
  const own = (tree.omitted ?? []).map(formatPlatform);
  return [...new Set([...own, ...tree.children.flatMap(omittedPlatforms)])];
}

/** What a target's refusal of an index amounts to if that index is sparse. */
export function sparseRefusal(
  error: unknown,
  tree: ManifestTree,
  reference: Reference,
): RegistryError | undefined {
  if (!(error instanceof RegistryError) || !isSparse(tree)) return undefined;
  if (error.code !== 'REGISTRY_REFUSED' && error.code !== 'REGISTRY_NOT_FOUND') return undefined;
  const { side, status, registryCode } = error;
  return new RegistryError(
    'REGISTRY_REFUSED',
    `${error.message}. ${reference.registry} does not take an index whose ${omittedPlatforms(tree).join(', ')} is missing (copy.platforms): ` +
      'leave copy.platforms out, let it take such indexes (Distribution 3: validation.manifests.indexes.platforms), or have them rewritten (copy.rewriteIndex), which voids their signatures',
    { side, status, registryCode, cause: error },
  );
}

function select(tree: ManifestTree, wanted: readonly Platform[]): ManifestTree {
  const { manifest } = tree;
  if (manifest?.kind !== 'index') return tree;
  const entries = new Map<string, Descriptor[]>();
  for (const entry of manifest.manifests) {
    entries.set(entry.digest, [...(entries.get(entry.digest) ?? []), entry]);
  }
  const entriesOf = (child: ManifestTree): readonly Descriptor[] => entries.get(child.digest) ?? [];

  const chosen = tree.children.flatMap((child) => {
    const own = entriesOf(child);
    if (own.some(({ platform }) => platform !== undefined && isWanted(wanted)(platform))) {
      return [child];
    }
    if (own.some(({ platform }) => platform !== undefined && platform.os !== UNKNOWN)) return [];
    // An index within may be of no platform itself; below it there may be some.
    const within = select(child, wanted);
    return within.omitted !== undefined && within.children.length === 0 ? [] : [within];
  });
  const kept = new Set(chosen.flatMap(digestsOf));
  const children = chosen.filter((child) =>
    entriesOf(child).some(({ annotations }) => {
      const about = annotations?.[ATTESTS];
      return about === undefined || kept.has(about as ManifestTree['digest']);
    }),
  );
  if (children.length === tree.children.length) return { ...tree, children };
  const remaining = new Set(children.map(({ digest }) => digest));
  const left = tree.children.filter(({ digest }) => !remaining.has(digest));
  return { ...tree, children, omitted: platformsOf({ ...tree, children: left }) };
}

/** The platforms that the indexes of a tree list for what it holds; those of no platform are none. */
export function platformsOf({ manifest, children }: ManifestTree): readonly Platform[] {
  if (manifest?.kind !== 'index') return [];
  const present = new Set(children.map(({ digest }) => digest));
  const own = manifest.manifests.flatMap(({ digest, platform }) =>
    platform === undefined || platform.os === UNKNOWN || !present.has(digest) ? [] : [platform],
  );
  return [...own, ...children.flatMap(platformsOf)];
}

function isWanted(wanted: readonly Platform[]): (platform: Platform) => boolean {
  return (platform) => wanted.some((one) => matchesPlatform(one, platform));
}
