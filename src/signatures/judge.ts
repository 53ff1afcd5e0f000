import type { TrustMaterial } from '@sigstore/verify';
import type { Digest } from '../registry/reference.ts';
import { isSignedByKey } from './key-signature.ts';
import type { Leaf } from './leaf.ts';
import { proveByCertificate, proveLogged, type Proof } from './prove.ts';
import { invalid, shown, untrusted } from './reject.ts';
import type { Signer } from './signature-verifier.ts';
import { signatureOf, signedBytes, type Signed } from './signed.ts';
import type { TrustedSigners } from './trusted-signers.ts';

/** Of one signature or attestation: it holds, and its signer is accepted. */
export interface Judgement extends Proof {
  readonly signer: Signer;
  /** Equal for two signatures of one signer. */
  readonly signerId: string;
  /** Which of the accepted signers this is, by position: identities first, then keys. */
  readonly accepted: readonly number[];
}

const UNDATED: Proof = { signedAt: undefined, logIndex: undefined };

/**
 * Decides on one signature: that it is about this image, that it holds, and that its signer is
 * accepted.
 *
 * @param trust - asked for only where needed: a key may do without
 * @throws SignatureError
 */
export async function judge(
  signed: Signed,
  digest: Digest,
  signers: TrustedSigners,
  trust: () => Promise<TrustMaterial>,
): Promise<Judgement> {
  const { claim, leaf } = signed;
  if (!claim.digests.includes(digest)) {
    throw invalid(
      `it is about ${claim.digests.slice(0, 3).join(', ') || 'no image'}, not about this one`,
    );
  }
  return leaf === undefined
    ? await judgeKey(signed, signers, trust)
    : judgeCertificate(signed, leaf, signers, await trust());
}

/** Whether a signature's certificate names nobody accepted, which is cheap to see. */
export function isByStranger({ leaf }: Signed, { identities }: TrustedSigners): boolean {
  return leaf !== undefined && acceptedBy(leaf, identities).length === 0;
}

function judgeCertificate(
  signed: Signed,
  leaf: Leaf,
  { identities }: TrustedSigners,
  trust: TrustMaterial,
): Judgement {
  // First the proof: "signed by someone else" is said of valid signatures only.
  const proof = proveByCertificate(signed, trust);
  const accepted = acceptedBy(leaf, identities);
  const { subject, issuer, extensions } = leaf;
  if (accepted.length === 0) {
    throw untrusted(
      `it is signed by ${shown(subject)} (issuer ${shown(issuer)})${nearMiss(leaf, identities)}`,
    );
  }
  return {
    ...proof,
    signer: { kind: 'certificate', subject, issuer, extensions },
    signerId: JSON.stringify([issuer, subject]),
    accepted,
  };
}

async function judgeKey(
  signed: Signed,
  { identities, keys }: TrustedSigners,
  trust: () => Promise<TrustMaterial>,
): Promise<Judgement> {
  if (keys.length === 0) throw untrusted('it is signed by a bare key, and no key is accepted');
  const position = keys.findIndex(({ key }) =>
    isSignedByKey(key, signedBytes(signed), signatureOf(signed)),
  );
  const key = keys[position];
  if (key === undefined) {
    throw untrusted(`it is signed by none of the keys ${keys.map(({ name }) => name).join(', ')}`);
  }
  const proof = key.requireLog ? proveLogged(signed, key, await trust()) : UNDATED;
  return {
    ...proof,
    signer: { kind: 'key', name: key.name },
    signerId: key.fingerprint,
    accepted: [identities.length + position],
  };
}

function acceptedBy(leaf: Leaf, identities: TrustedSigners['identities']): readonly number[] {
  return identities.flatMap((identity, index) =>
    identity.differences(leaf).length === 0 ? [index] : [],
  );
}

/** Where subject and issuer are right, the operator must learn which extension is not. */
function nearMiss(leaf: Leaf, identities: TrustedSigners['identities']): string {
  const extensions = identities
    .map((identity) => identity.differences(leaf))
    .find((differences) =>
      differences.every((difference) => !/^the (?:subject|issuer)/.test(difference)),
    );
  return extensions === undefined ? '' : `, but ${extensions.join(', ')}`;
}
