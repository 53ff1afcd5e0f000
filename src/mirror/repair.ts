import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import { atDigest } from '../registry/reference.ts';
import { wantedDigest, type ObservedImage } from './discover.ts';
import type { Inspector } from './inspect.ts';
import type { PlannedImage } from './plan.ts';

/**
 * Looks behind the tag of an image whose bytes seem to be at the target, and plans to copy it again where
 * something is wrong with it. What nobody can copy, or what is not this job's, stays as it was planned.
 */
export async function planRepair(
  planned: PlannedImage,
  inspector: Inspector,
  options: Options,
): Promise<PlannedImage> {
  const { image } = planned;
  const { source, sourceDigest, target, targetDigest: digest } = image;
  const isOurs = planned.action === 'record' || (planned.action === 'keep' && !planned.elsewhere);
  if (!isOurs || sourceDigest === undefined || digest === undefined) return planned;
  const wanted = wantedDigest(image);
  if (digest !== wanted) return planned;
  const flaws = await inspector.inspect({ source, wanted, target, digest }, options);
  if (flaws.length === 0) return planned;
  return {
    action: 'copy',
    image,
    source: atDigest(source, sourceDigest),
    reason: `broken at the target: ${flaws.map(({ problem }) => problem).join('; ')}`,
    repairs: true,
  };
}

/**
 * Looks once more: some registries keep what they hold under a digest, though it was cut short, and take
 * what is sent again for the same.
 *
 * @throws RegistryError `REGISTRY_REFUSED`: it is as broken as before
 */
export async function assertMended(
  image: ObservedImage,
  inspector: Inspector,
  options: Options,
): Promise<void> {
  const { source, target } = image;
  const digest = wantedDigest(image);
  if (digest === undefined) return;
  const flaws = await inspector.inspect({ source, wanted: digest, target, digest }, options);
  if (flaws.length === 0) return;
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `It was copied again, and is still broken at the target: ${flaws.map(({ problem }) => problem).join('; ')}. The registry seems to keep what it has under that digest: remove the image there, garbage collect, and run again.`,
    { side: 'target' },
  );
}
