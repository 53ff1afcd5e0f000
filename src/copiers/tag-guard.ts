import { RegistryError } from '../errors.ts';
import { formatReference, type Digest, type TagReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { CopyOptions } from './image-copier.ts';

/** So long, in milliseconds, a look at a tag is good for: a small image is copied in less. */
const LOOK_HOLDS_MS = 1000;

export interface TagGuardOptions extends Pick<CopyOptions, 'atTarget' | 'existing' | 'signal'> {
  readonly lookHoldsMs?: number | undefined;
}

/**
 * Looks once more, right before a tag is written, whether somebody else has written it since it was
 * looked at: a copy may take an hour.
 *
 * @returns whether the tag names this image already
 * @throws RegistryError `TARGET_CONFLICT`: it names another one, and that is to stay
 */
export async function isTagTaken(
  target: RegistryReader,
  reference: TagReference,
  digest: Digest,
  { atTarget, existing, signal, lookHoldsMs = LOOK_HOLDS_MS }: TagGuardOptions,
): Promise<boolean> {
  if (existing !== 'refuse') return false;
  if (atTarget !== undefined && performance.now() - atTarget.seenAt < lookHoldsMs) return false;
  const held = await target.head(reference, signal === undefined ? {} : { signal });
  if (held === undefined) return false;
  if (held.digest === digest) return true;
  throw new RegistryError(
    'TARGET_CONFLICT',
    `${formatReference(reference)} was free when the copy of ${digest} began, and holds ${held.digest} now: somebody else wrote it meanwhile. It was left as it is. Choose another tag, or have it overwritten (target.existing, --overwrite).`,
    { side: 'target' },
  );
}
