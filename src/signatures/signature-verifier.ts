import type { Options } from '../options.ts';
import type { Digest, DigestReference } from '../registry/reference.ts';

/** Decides whether an image may enter the target registry. */
export interface SignatureVerifier {
  /**
   * Resolves only if a valid signature by an accepted identity names `image.digest`.
   *
   * @throws SignatureError is a verdict
   * @throws RegistryError is not: it could not be asked
   */
  verify(image: DigestReference, options?: Options): Promise<Verification>;
}

/** The evidence of an accepted signature. */
export interface SignatureEvidence {
  readonly format: 'classic' | 'bundle';
  /** Where it was found: the tag or the referrer manifest's digest. */
  readonly foundAt: { readonly place: SignaturePlace; readonly reference: string };
  readonly signer: Signer;
  /** When the signature was made, by the transparency log or a timestamp authority. ISO 8601. */
  readonly signedAt: string | undefined;
  /** Index in the transparency log; decimal text, since it may exceed 2^53. */
  readonly logIndex: string | undefined;
}

/** Why an image is acceptable. */
export interface Verification extends SignatureEvidence {
  readonly digest: Digest;
  /** Signatures of further signers, where the policy asks for more than one. */
  readonly coSignatures?: readonly SignatureEvidence[];
  /** The attestations that the policy asks for. */
  readonly attestations?: readonly AttestationEvidence[];
}

/** The evidence of an attestation that the policy asks for. */
export interface AttestationEvidence extends SignatureEvidence {
  readonly predicateType: string;
}

export type SignaturePlace = 'referrers' | 'fallback-tag' | 'classic-tag';

export type Signer =
  | {
      readonly kind: 'certificate';
      /** Subject alternative name: for a GitHub workflow, its URI. */
      readonly subject: string;
      readonly issuer: string;
      /** Fulcio's extensions by name: `sourceRepositoryURI`, `buildSignerDigest`, … */
      readonly extensions: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'key';
      /** The configured name of the public key. */
      readonly name: string;
    };
