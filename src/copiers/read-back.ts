import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import { formatReference, type Digest, type TagReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';

/**
 * Milliseconds to wait before looking again: registries behind load balancers and caches have been
 * seen answering 404, or with the tag's previous digest, right after a push, and for a tag they had
 * just served.
 */
export const LOOK_AGAIN_AFTER: readonly number[] = [200, 1000, 3000];

/**
 * Makes sure that a tag now names a digest, by the registry's own word.
 *
 * @throws RegistryError `DIGEST_MISMATCH`
 */
export async function readBack(
  target: RegistryReader,
  reference: TagReference,
  digest: Digest,
  options: Options & { readonly lookAgainAfter?: readonly number[] | undefined },
): Promise<void> {
  const { lookAgainAfter = LOOK_AGAIN_AFTER } = options;
  let served = (await target.head(reference, options))?.digest;
  for (const delay of lookAgainAfter) {
    if (served === digest) return;
    await sleep(delay, undefined, options);
    served = (await target.head(reference, options))?.digest;
  }
  if (served === digest) return;
  throw new RegistryError(
    'DIGEST_MISMATCH',
    `wrote ${digest} as ${formatReference(reference)}, but the registry serves ${served ?? 'nothing'} there; ` +
      'either it changes what it is given, or somebody else writes this tag',
    { side: 'target' },
  );
}
