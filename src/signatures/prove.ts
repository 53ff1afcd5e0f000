import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import {
  toSignedEntity,
  VerificationError,
  Verifier,
  type SignedEntity,
  type TrustMaterial,
} from '@sigstore/verify';
import { SignatureError } from '../errors.ts';
import { explain } from './explain.ts';
import { isSignedByKey } from './key-signature.ts';
import type { TrustedKey } from './public-key.ts';
import { invalid } from './reject.ts';
import { assertLoggedBy } from './rekor-entry.ts';
import { signedBytes, type Signed } from './signed.ts';

/** What the cryptography tells. Whether the signer is accepted is another question. */
export interface Proof {
  /** ISO 8601. Absent for a bare key's signature that no log and no authority dates. */
  readonly signedAt: string | undefined;
  /** Decimal. Absent where no log entry was asked for. */
  readonly logIndex: string | undefined;
}

/**
 * Proves that a signature was made by its certificate while that was valid, and was published.
 *
 * What the trust root does not have is not asked for: a private Sigstore without a log, or without
 * a log of certificates, says so by its root. The public one has both.
 *
 * @throws SignatureError
 */
export function proveByCertificate(signed: Signed, trust: TrustMaterial): Proof {
  const { artifact, leaf } = signed;
  if (leaf === undefined) throw invalid('it brings no certificate');
  const verifier = new Verifier(trust, {
    ctlogThreshold: trust.ctlogs.length > 0 ? 1 : 0,
    tlogThreshold: trust.tlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
  return run(signed, trust, leaf.der, (bundle) => {
    const entity = toSignedEntity(bundle, artifact);
    verifier.verify(entity);
    return entity;
  });
}

/**
 * Proves that a signature by a configured key was published. The signature itself is compared
 * beside it, for the library cannot check every kind of key.
 *
 * @throws SignatureError
 */
export function proveLogged(
  signed: Signed,
  { key, spki }: TrustedKey,
  trust: TrustMaterial,
): Proof {
  const keyed = { ...trust, publicKey: () => ({ publicKey: key, validFor: () => true }) };
  // A key is not bound to a time: what dates its signature is told, but not asked for.
  const verifier = new Verifier(keyed, { tlogThreshold: 1, timestampThreshold: 0 });
  return run(signed, trust, spki, (bundle) => {
    const entity = toSignedEntity(bundle, signed.artifact);
    const { signature } = entity;
    verifier.verify({
      ...entity,
      signature: {
        signature: signature.signature,
        compareSignature: (other) => signature.compareSignature(other),
        compareDigest: (digest) => signature.compareDigest(digest),
        compareSignedDigest: (digest) => signature.compareSignedDigest(digest),
        verifySignature: (by) => isSignedByKey(by, signedBytes(signed), signature.signature),
      },
    });
    return entity;
  });
}

/**
 * Runs the library, and runs it again without timestamps where they alone were at fault: something
 * else may date the signature. They are unsigned extras that anybody could strip, and Cosign 3 adds
 * one of an authority that an older root does not know.
 */
function run(
  signed: Signed,
  trust: TrustMaterial,
  signer: Buffer,
  verify: (bundle: Bundle) => SignedEntity,
): Proof {
  const { bundle } = signed;
  try {
    return proofOf(verify(bundle), signer);
  } catch (error) {
    const first = explain(error, signed, trust);
    if (!isTimestampFault(error, bundle)) throw first;
    try {
      return proofOf(verify(withoutTimestamps(bundle)), signer);
    } catch {
      // The first error names the cause; the second one is its consequence.
      throw first;
    }
  }
}

function isTimestampFault(error: unknown, { verificationMaterial }: Bundle): boolean {
  const timestamps = verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (timestamps.length === 0 || error instanceof SignatureError) return false;
  // Anything but its own error is the library stumbling over a malformed timestamp.
  return !(error instanceof VerificationError) || error.code === 'TIMESTAMP_ERROR';
}

function proofOf({ tlogEntries, timestamps }: SignedEntity, signer: Buffer): Proof {
  for (const entry of tlogEntries) assertLoggedBy(entry, signer);
  const [entry] = tlogEntries;
  const time = timestamps
    .map((timestamp) =>
      timestamp.$case === 'timestamp-authority'
        ? timestamp.timestamp.signingTime
        : timestamp.tlogEntry.inclusionPromise && logTime(timestamp.tlogEntry.integratedTime),
    )
    .find((time) => time !== undefined);
  return {
    signedAt: time?.toISOString(),
    logIndex: entry && logIndexOf(entry),
  };
}

/** Without a promise only the index in the proof is signed by the log. */
function logIndexOf({ inclusionPromise, inclusionProof, logIndex }: TransparencyLogEntry): string {
  const index = inclusionPromise === undefined ? inclusionProof?.logIndex : logIndex;
  if (index === undefined || !/^\d{1,20}$/.test(index))
    throw invalid('the log entry has no usable index');
  return String(BigInt(index));
}

function logTime(integratedTime: string): Date {
  return new Date(Number(integratedTime) * 1000);
}

function withoutTimestamps(bundle: Bundle): Bundle {
  const material = { ...bundle.verificationMaterial, timestampVerificationData: undefined };
  return { ...bundle, verificationMaterial: material };
}
