import type { TrustMaterial } from '@sigstore/verify';
import { silentLogger, type Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { formatReference, type DigestReference, type Repository } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import { abandonable } from '../registry/http/clock.ts';
import { candidatesOf, readCandidate } from './candidates.ts';
import { discoverAttachments } from './discover.ts';
import { examine } from './examine.ts';
import { isMet, verificationOf } from './findings.ts';
import type { SignaturePolicy } from './policy.ts';
import type { SignatureVerifier, Verification } from './signature-verifier.ts';
import type { TrustRootSource } from './trust-root.ts';
import { trustSigners, type TrustedSigners } from './trusted-signers.ts';
import { verdict } from './verdict.ts';

export interface SignatureVerifierDependencies {
  readonly registry: RegistryReader;
  /** What makes an image of a repository acceptable. */
  readonly policyFor: (image: Repository) => SignaturePolicy;
  readonly trustRoot: TrustRootSource;
  readonly logger?: Logger;
}

/**
 * Verifies Cosign signatures: classic and bundle, keyless and by key, wherever they are attached.
 *
 * An image that was accepted is not examined again: a signature names a digest, whatever tag or
 * repository it is met under. What was refused is, for its signature may come.
 */
export function createSignatureVerifier(
  dependencies: SignatureVerifierDependencies,
): SignatureVerifier {
  const verifying = new Map<string, Promise<Verification>>();
  const policies = new Map<string, TrustedSigners>();
  return {
    async verify(image, options = {}) {
      options.signal?.throwIfAborted();
      const policy = dependencies.policyFor(image);
      const policyKey = JSON.stringify(policy);
      const signers = policies.get(policyKey) ?? trustSigners(policy);
      policies.set(policyKey, signers);
      const key = `${image.digest} ${policyKey}`;
      const underWay = verifying.get(key);
      if (underWay !== undefined) {
        // Its failure is its own: another repository, another wish to stop.
        const verified = await abandonable(
          underWay.catch(() => undefined),
          options.signal,
        );
        if (verified !== undefined) return verified;
      }
      const verification = verifyImage(image, signers, dependencies, options);
      verifying.set(key, verification);
      try {
        return await verification;
      } catch (error) {
        if (verifying.get(key) === verification) verifying.delete(key);
        throw error;
      }
    },
  };
}

async function verifyImage(
  image: DigestReference,
  signers: TrustedSigners,
  { registry, trustRoot, logger = silentLogger }: SignatureVerifierDependencies,
  options: Options,
): Promise<Verification> {
  const attachments = await discoverAttachments(registry, image, options);
  const findings = await examine(
    {
      digest: image.digest,
      candidates: candidatesOf(image, attachments),
      signers,
      read: (candidate) => readCandidate(registry, image, candidate, options),
      trust: async (): Promise<TrustMaterial> => (await trustRoot.load(options)).material,
    },
    options,
  );
  if (!isMet(findings, signers)) throw verdict(image, attachments, findings, signers);
  const verification = verificationOf(image.digest, findings);
  const { signer, foundAt } = verification;
  logger.debug('signature accepted', {
    image: formatReference(image),
    signer: signer.kind === 'key' ? signer.name : signer.subject,
    foundAt: foundAt.reference,
  });
  return verification;
}
