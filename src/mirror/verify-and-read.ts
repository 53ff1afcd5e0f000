import type { Options } from '../options.ts';
import type { DigestReference } from '../registry/reference.ts';
import { verify, type VerifiedImage, type VerifyDependencies } from './verify.ts';

/**
 * Verifies an image while its manifest comes, which the copy then finds read. It is not used before
 * the verdict; where that is a refusal, a manifest was read in vain.
 *
 * @throws what `verify` throws
 */
export async function verifyAndRead(
  source: DigestReference,
  dependencies: VerifyDependencies,
  options: Options,
): Promise<VerifiedImage> {
  const [verified] = await Promise.allSettled([
    verify(source, dependencies, options),
    // What fails here fails again in the copy, which says what it means.
    dependencies.source.getManifest(source, options),
  ]);
  if (verified.status === 'rejected') throw verified.reason;
  return verified.value;
}
