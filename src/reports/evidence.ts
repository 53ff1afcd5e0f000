import type { ImageRecord } from './run-record.ts';
import type { Digest } from '../registry/reference.ts';
import type { Verification } from '../signatures/signature-verifier.ts';

/** Who proved what is at the target, in this run or in the earlier one that brought it there. */
export interface Evidence {
  readonly target: string;
  readonly digest: Digest;
  /** Start of the run that verified it. ISO 8601. */
  readonly at: string;
  readonly verification?: Verification;
  /** Why it was mirrored without an accepted signature. */
  readonly unverified?: string;
  /** Platforms of the image there: `linux/amd64`. */
  readonly platforms?: readonly string[];
  /** Bytes of its blobs. */
  readonly size?: number;
}

/**
 * What this run proved, and what earlier ones did of the images that it kept: those are not verified
 * again, as what was found of the same bytes still holds.
 *
 * @param at - when the run started; ISO 8601
 * @param isComplete - the run knows all images: evidence of others is dropped, or it would grow for ever
 */
export function evidenceOf(
  images: readonly ImageRecord[],
  earlier: readonly Evidence[],
  { at, isComplete }: { readonly at: string; readonly isComplete: boolean },
): readonly Evidence[] {
  if (!isComplete) return earlier;
  const before = new Map(earlier.map((evidence) => [evidence.target, evidence]));
  return images.flatMap((image): readonly Evidence[] => {
    const { outcome, target, digest, verification, unverified, copy, size } = image;
    if (target === undefined) return [];
    if ((outcome === 'mirrored' || outcome === 'recorded') && digest !== undefined) {
      return [
        {
          target,
          // By what the target holds, for that is what later runs find there.
          digest: copy?.rewritten?.to ?? digest,
          at,
          ...(verification === undefined ? {} : { verification }),
          ...(unverified === undefined ? {} : { unverified }),
          ...(copy === undefined ? {} : { platforms: copy.platforms }),
          ...(size === undefined ? {} : { size }),
        },
      ];
    }
    const known = before.get(target);
    // Of an image that failed nothing new is known: the target keeps what it has.
    const isOther = outcome === 'unchanged' && known?.digest !== digest;
    return known === undefined || isOther ? [] : [known];
  });
}
