import { isManifestMediaType, parseManifest, type Manifest } from '../registry/manifest.ts';
import type { Digest } from '../registry/reference.ts';
import type { ManifestTree } from './manifest-tree.ts';

/**
 * Gives the indexes of a tree that lead to manifests which are not copied other bytes, that list only
 * what is. That makes other images of them: their digests are new, and no signature is on them.
 *
 * What comes of the same index and the same platforms is always the same, byte for byte: by that a
 * later run knows its own work again. So nothing here may ever change what it writes.
 *
 * @returns the tree itself where nothing is left out
 */
export function rewriteIndexes(tree: ManifestTree): ManifestTree {
  const children = tree.children.map(rewriteIndexes);
  const { manifest } = tree;
  const isChanged = children.some((child, index) => child !== tree.children[index]);
  if (manifest?.kind !== 'index' || (tree.omitted === undefined && !isChanged)) return tree;
  const rewritten = rewrite(manifest, tree.children, children);
  return { digest: rewritten.digest, manifest: rewritten, children, rewrittenFrom: tree.digest };
}

/** All digests of a tree that stand at the source as they are, each once. */
export function originalDigestsOf(tree: ManifestTree): readonly Digest[] {
  const own = tree.rewrittenFrom === undefined ? [tree.digest] : [];
  return [...new Set([...own, ...tree.children.flatMap(originalDigestsOf)])];
}

type Entry = Readonly<Record<string, unknown>>;

function rewrite(
  manifest: Manifest,
  before: readonly ManifestTree[],
  after: readonly ManifestTree[],
): Manifest {
  const body = JSON.parse(Buffer.from(manifest.bytes).toString('utf8')) as Entry;
  const replacements = new Map(before.map(({ digest }, index) => [digest as string, after[index]]));
  const manifests = (body['manifests'] as readonly Entry[]).flatMap((entry) => {
    // Blobs that an index lists are copied with it.
    if (!isManifestMediaType(String(entry['mediaType']))) return [entry];
    const child = replacements.get(String(entry['digest']));
    if (child === undefined) return [];
    if (child.rewrittenFrom === undefined || child.manifest === undefined) return [entry];
    return [{ ...entry, digest: child.digest, size: child.manifest.bytes.byteLength }];
  });
  const bytes = Buffer.from(JSON.stringify({ ...body, manifests }));
  return parseManifest(bytes, manifest.mediaType);
}
