import type { Bundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import type { Digest } from '../registry/reference.ts';
import type { JsonObject } from './json.ts';
import type { Leaf } from './leaf.ts';

/** A signature as read from a registry, in one form for all formats. Nothing in it is proved. */
export interface Signed {
  readonly format: 'classic' | 'bundle';
  readonly bundle: Bundle;
  /** The bytes signed, where the bundle does not hold them. */
  readonly artifact: Buffer | undefined;
  readonly claim: Claim;
  /** The signer's certificate; without one it was signed by a bare key. */
  readonly leaf: Leaf | undefined;
}

/** What the signer says. */
export type Claim = SignatureClaim | AttestationClaim;

/** "I stand behind this image." */
export interface SignatureClaim {
  readonly kind: 'signature';
  /** Manifests spoken of. */
  readonly digests: readonly Digest[];
}

/** "This is so of this image." */
export interface AttestationClaim {
  readonly kind: 'attestation';
  readonly digests: readonly Digest[];
  readonly predicateType: string;
  readonly predicate: JsonObject;
}

/** The bytes that the signature is over. */
export function signedBytes({ bundle: { content }, artifact }: Signed): Buffer {
  if (content.$case === 'messageSignature') return artifact ?? Buffer.alloc(0);
  const { payloadType, payload } = content.dsseEnvelope;
  return dsse.preAuthEncoding(payloadType, payload);
}

/** The signature itself. */
export function signatureOf({ bundle: { content } }: Signed): Buffer {
  return content.$case === 'messageSignature'
    ? content.messageSignature.signature
    : (content.dsseEnvelope.signatures[0]?.sig ?? Buffer.alloc(0));
}
