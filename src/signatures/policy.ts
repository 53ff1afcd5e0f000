/**
 * Whose keyless signature is accepted. A subject and an issuer are needed, each either exactly or
 * as a pattern; all that is given must hold.
 */
export interface IdentityPolicy {
  /** The certificate's subject alternative name, exactly: a workflow's URI, an e-mail address. */
  readonly subject?: string;
  /** A regular expression that the whole subject matches, as if written between `^` and `$`. */
  readonly subjectPattern?: string;
  /** The OIDC issuer that vouched for the signer, exactly. */
  readonly issuer?: string;
  /** A regular expression that the whole issuer matches. */
  readonly issuerPattern?: string;
  /** Further conditions on Fulcio's extensions, by name, exactly: `sourceRepositoryURI`, … */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** A public key whose signature is accepted. */
export interface PublicKeyPolicy {
  /** For people: the file it came from, or the name the configuration gives it. */
  readonly name: string;
  /** `-----BEGIN PUBLIC KEY-----`: EC, RSA or Ed25519. */
  readonly pem: string;
  /**
   * Whether the signature must also stand in a transparency log. `false` needs no trust root, and
   * forgoes noticing that a stolen key was used.
   */
  readonly requireLog: boolean;
}

/** An attestation an image must carry, signed by an accepted identity or key. */
export interface AttestationRequirement {
  /** For example `https://slsa.dev/provenance/v1`; exactly. */
  readonly predicateType: string;
  /** SLSA provenance: `runDetails.builder.id`, or `builder.id` before version 1; exactly. */
  readonly builderId?: string;
  /**
   * SLSA provenance: the repository the image was built from, without ref or digest:
   * `https://github.com/acme/app`.
   */
  readonly sourceRepository?: string;
}

/** What makes an image acceptable. */
export interface SignaturePolicy {
  readonly identities: readonly IdentityPolicy[];
  readonly keys: readonly PublicKeyPolicy[];
  readonly require: {
    /**
     * How many different signers must have signed, or `all`: every identity and every key that
     * is listed. Two signatures of one signer count once.
     */
    readonly signatures: number | 'all';
    /** Each must be met. */
    readonly attestations: readonly AttestationRequirement[];
  };
}

/**
 * The vendor signs all its images by one shared workflow. The subject of a reusable workflow is
 * that workflow's own URI, not its caller's.
 */
export const VENDOR_IDENTITIES: readonly IdentityPolicy[] = [
  {
    subject:
      'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main',
    issuer: 'https://token.actions.githubusercontent.com',
  },
];

/** One signature by the vendor, and nothing else asked: the policy where none is configured. */
export const VENDOR_POLICY: SignaturePolicy = {
  identities: VENDOR_IDENTITIES,
  keys: [],
  require: { signatures: 1, attestations: [] },
};

/** Whether anything of a policy is checked against a trust root: all but keys whose use is not logged. */
export function needsTrustRoot({ identities, keys }: SignaturePolicy): boolean {
  return identities.length > 0 || keys.some(({ requireLog }) => requireLog);
}
