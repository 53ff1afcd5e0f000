import { formatReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import { discoverAttachments, type Attachment } from './discover.ts';
import { Once } from './once.ts';

/** {@link discoverAttachments}, or something that does the same. */
export type Discover = typeof discoverAttachments;

/**
 * Discovery that asks once for each subject, to be shared by the verifier and the copier of one
 * run. Nobody beyond that run may remember the answers: what a tag names changes.
 */
export function discoverOnce(discover: Discover = discoverAttachments): Discover {
  const found = new WeakMap<RegistryReader, Once<readonly Attachment[]>>();
  return async (registry, subject, options) => {
    const ofRegistry = found.get(registry) ?? new Once<readonly Attachment[]>();
    found.set(registry, ofRegistry);
    const ask = (): Promise<readonly Attachment[]> => discover(registry, subject, options);
    return await ofRegistry.get(formatReference(subject), ask, options?.signal);
  };
}
