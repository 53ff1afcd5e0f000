import { isDeepStrictEqual } from 'node:util';
import { digestOf, type ImageManifest, type Manifest } from '../registry/manifest.ts';

/** What to do with a classic tag that the target already has. */
export type ClassicMerge =
  | { readonly kind: 'keep' }
  | { readonly kind: 'replace' }
  /** Both sides have something the other lacks. */
  | { readonly kind: 'merge'; readonly manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'> };

/**
 * Brings the source's signatures together with those the target has under the same tag, as `cosign
 * sign` does: by adding layers. Whoever signs again at the target keeps their signature. The manifest
 * around the layers is not what is signed.
 *
 * Layers are equal only with their annotations: several signatures of one payload share its digest.
 */
export function mergeClassic(atTarget: Manifest, fromSource: Manifest): ClassicMerge {
  if (atTarget.kind !== 'image' || fromSource.kind !== 'image') return { kind: 'replace' };
  const theirs = layersOf(atTarget);
  const ours = layersOf(fromSource);
  const lacking = ours.filter((one) => !theirs.some((other) => isDeepStrictEqual(one, other)));
  if (lacking.length === 0) return { kind: 'keep' };
  if (theirs.every((one) => ours.some((other) => isDeepStrictEqual(one, other)))) {
    return { kind: 'replace' };
  }
  const body = { ...bodyOf(atTarget), layers: [...theirs, ...lacking] };
  const bytes = Buffer.from(JSON.stringify(body));
  const { mediaType } = atTarget;
  return { kind: 'merge', manifest: { bytes, mediaType, digest: digestOf(bytes) } };
}

function layersOf(manifest: ImageManifest): readonly unknown[] {
  const { layers } = bodyOf(manifest);
  return Array.isArray(layers) ? layers : [];
}

function bodyOf(manifest: Manifest): Readonly<Record<'layers', unknown>> {
  return JSON.parse(Buffer.from(manifest.bytes).toString('utf8')) as Record<'layers', unknown>;
}
