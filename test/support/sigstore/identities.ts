import type { IdentityPolicy } from '../../../src/signatures/policy.ts';

/** Who signs, as the certificate of a private Sigstore will say it. */
export interface TestIdentity {
  /** A URI. */
  readonly subject: string;
  readonly issuer: string;
  /** Further extensions of Fulcio's, by their number under its arc. */
  readonly extensions?: Readonly<Record<number, string>>;
}

const GITHUB = 'https://token.actions.githubusercontent.com';

/** The shared workflow that signs the vendor's images, called by one connector's repository. */
export const VENDOR: TestIdentity = {
  subject:
    'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main',
  issuer: GITHUB,
  extensions: {
    5: 'atlanhq/atlan-teradata-app',
    6: 'refs/heads/main',
    9: 'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main',
    11: 'github-hosted',
    12: 'https://github.com/atlanhq/atlan-teradata-app',
    13: '2f1bf2d1b5a3f8a2d6d2fd9c7b1f1a1d9a1e0c55',
    14: 'refs/heads/main',
  },
};

/** Somebody who may sign what he likes, and is nobody we know. */
export const STRANGER: TestIdentity = {
  subject: 'https://github.com/stranger.example/app/.github/workflows/release.yaml@refs/heads/main',
  issuer: GITHUB,
};

/** The policy that accepts exactly this identity. */
export function acceptedAs({ subject, issuer }: TestIdentity): IdentityPolicy {
  return { subject, issuer };
}
