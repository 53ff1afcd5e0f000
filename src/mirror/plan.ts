import { RegistryError, type MirrorError } from '../errors.ts';
import { atDigest, formatReference, type DigestReference } from '../registry/reference.ts';
import {
  foreignReference,
  isMappedToTarget,
  notAtSource,
  wantedDigest,
  type ObservedImage,
} from './discover.ts';

/** What a run does about one image, and why. Pure data: nothing has happened yet. */
export type PlannedImage =
  | {
      /** `copy`: bytes are missing at the target. `record`: only the map's entry is. */
      readonly action: 'copy' | 'record';
      readonly image: ObservedImage;
      /** The source by digest; from here on the tag is not asked again. */
      readonly source: DigestReference;
      readonly reason: string;
      /** Its tag is right, and what stands behind it is broken; see `repair.ts`. */
      readonly repairs?: true;
    }
  | {
      readonly action: 'keep';
      readonly image: ObservedImage;
      readonly reason: string;
      /** Where the map leads, if that is another place than `target.image` says. */
      readonly elsewhere?: string;
    }
  | {
      readonly action: 'refuse';
      readonly image: ObservedImage;
      readonly reason: string;
      readonly error: MirrorError;
    };

export interface PlanPolicy {
  /** Another digest stands under the tag at the target. */
  readonly existingTarget: 'refuse' | 'overwrite';
  /** The map sends the image elsewhere than `target.image` says. */
  readonly existingEntry: 'keep' | 'replace';
}

/** Decides about one image from what was observed. */
export function plan(image: ObservedImage, policy: PlanPolicy): PlannedImage {
  const foreign =
    policy.existingEntry === 'keep' ? foreignReference(image, image.mapped) : undefined;
  if (foreign !== undefined) return planForeign(image, formatReference(foreign));
  const { sourceDigest, targetDigest } = image;
  const target = formatReference(image.target);
  const isMapped = isMappedToTarget(image, image.mapped);

  if (sourceDigest === undefined) {
    if (targetDigest !== undefined && isMapped) {
      return { action: 'keep', image, reason: 'mirrored earlier; the source no longer has it' };
    }
    return refuse(image, 'the source does not have it', notAtSource(image));
  }
  const source = atDigest(image.source, sourceDigest);
  if (targetDigest === undefined) {
    return { action: 'copy', image, source, reason: 'not at the target yet' };
  }
  if (targetDigest === wantedDigest(image)) {
    return isMapped
      ? { action: 'keep', image, reason: 'up to date' }
      : { action: 'record', image, source, reason: 'at the target, but not in the map' };
  }
  if (policy.existingTarget === 'overwrite') {
    return { action: 'copy', image, source, reason: `replaces ${targetDigest} at the target` };
  }
  return refuse(
    image,
    'another image stands under its tag at the target',
    new RegistryError(
      'TARGET_CONFLICT',
      `${target} holds ${targetDigest}, the source now has ${sourceDigest}. Nothing was changed. Remove the tag at the target, choose another one by target.image, or set target.existing: overwrite.`,
      { side: 'target' },
    ),
  );
}

/** A person sends this image elsewhere: theirs to decide, ours to say when it leads nowhere. */
function planForeign(image: ObservedImage, foreign: string): PlannedImage {
  if (image.targetDigest !== undefined) {
    const reason = "the map's own entry sends it there";
    return { action: 'keep', image, reason, elsewhere: foreign };
  }
  const entry = JSON.stringify(image.mapped.key);
  return refuse(
    image,
    `the map's own entry sends it to ${foreign}, which does not exist`,
    new RegistryError(
      'REGISTRY_NOT_FOUND',
      `The entry ${entry} of the map sends ${image.release.image} to ${foreign}, which the registry does not have. Put the image there, correct the entry, remove it so that it is mirrored to ${formatReference(image.target)}, or set map.existing: replace.`,
      { side: 'target', status: 404 },
    ),
  );
}

function refuse(image: ObservedImage, reason: string, error: MirrorError): PlannedImage {
  return { action: 'refuse', image, reason, error };
}
