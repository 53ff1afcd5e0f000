import type { TrustMaterial } from '@sigstore/verify';
import { silentLogger, type Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { formatReference, type DigestReference, type Repository } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import { candidatesOf, readCandidate } from './candidates.ts';
import type { Discover } from './discover-once.ts';
import { discoverAttachments } from './discover.ts';
import { examine } from './examine.ts';
import { isMet, verificationOf } from './findings.ts';
import { Once } from './once.ts';
import { trustMaterial } from './parse-trust-root.ts';
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
  /** A run shares one with its copier, so that nothing is asked twice. */
  readonly discover?: Discover;
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
  const verdicts = new Once<Verification>();
  const policies = new Map<string, TrustedSigners>();
  return {
    async verify(image, options = {}) {
      const policy = dependencies.policyFor(image);
      const policyKey = JSON.stringify(policy);
      const signers = policies.get(policyKey) ?? trustSigners(policy);
      policies.set(policyKey, signers);
      return await verdicts.get(
        `${image.digest} ${policyKey}`,
        () => verifyImage(image, signers, dependencies, options),
        options.signal,
      );
    },
  };
}

async function verifyImage(
  image: DigestReference,
  signers: TrustedSigners,
  {
    registry,
    trustRoot,
    discover = discoverAttachments,
    logger = silentLogger,
  }: SignatureVerifierDependencies,
  options: Options,
): Promise<Verification> {
  const attachments = await discover(registry, image, options);
  const findings = await examine(
    {
      digest: image.digest,
      candidates: candidatesOf(image, attachments),
      signers,
      read: (candidate) => readCandidate(registry, image, candidate, options),
      trust: async (): Promise<TrustMaterial> => trustMaterial(await trustRoot.load(options)),
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
