import { signImage } from '../../support/sigstore/attach.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore, newKey } from '../../support/sigstore/private-sigstore.ts';
import { refused, type Refusal } from '../../support/sigstore/scene.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';

const sigstore = await createPrivateSigstore();
const { subject, issuer } = VENDOR;

/** The image is signed by this subject, and the vendor is expected. */
function signedBy(subject: string, more: Partial<Refusal> = {}): Refusal {
  return {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { signer: { ...VENDOR, subject } }),
    says: /signed, but by nobody who is accepted.*Accepted: https:\/\/github\.com\/atlanhq\//s,
    ...more,
  };
}

refused(sigstore, 'SIGNER_UNTRUSTED', {
  'another workflow signed, and the message says which': {
    given: ({ repository, image }) => signImage(sigstore, repository, image, { signer: STRANGER }),
    says: /it is signed by "https:\/\/github\.com\/stranger\.example\/.*" \(issuer "https:\/\/token\./,
  },
  'another issuer vouches for the same subject': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, {
        signer: { subject, issuer: 'https://issuer.example' },
      }),
    says: /\(issuer "https:\/\/issuer\.example"\)/,
  },
  'the subject only begins with ours': signedBy(`${subject}-of-a-fork`),
  'the subject only ends with ours': signedBy(`https://github.com/stranger/${subject}`),
  'the subject is only the beginning of ours': signedBy(subject.slice(0, -1)),
  'the subject is ours but for one letter, where ours has a dot': signedBy(
    subject.replace('app.yaml', 'app-yaml'),
  ),
  'the subject is ours in capitals': signedBy(subject.toUpperCase()),
  'the same workflow on another branch': signedBy(subject.replace('main', 'feature')),
  'a pattern matches a part of the subject only': signedBy(`${subject}x`, {
    policy: { identities: [{ subjectPattern: 'https://github\\.com/atlanhq/.*main', issuer }] },
    says: /Accepted: subjects matching https:/,
  }),
  'an alternative of a pattern matches a part of the subject only': signedBy(
    'https://evil.example/b',
    {
      policy: { identities: [{ subjectPattern: 'a|b', issuer }] },
      says: /evil\.example/,
    },
  ),
  'a pattern matches a part of the issuer only': signedBy(subject, {
    policy: { identities: [{ subject, issuerPattern: 'https://token' }] },
  }),
  'the image was built from another repository': {
    given: ({ repository, image }) => signImage(sigstore, repository, image),
    policy: {
      identities: [
        {
          subject,
          issuer,
          extensions: { sourceRepositoryURI: 'https://github.com/atlanhq/other' },
        },
      ],
    },
    says: /but sourceRepositoryURI is "https:\/\/github\.com\/atlanhq\/atlan-teradata-app"/,
  },
  'the certificate does not say what is asked of it': {
    given: ({ repository, image }) => signImage(sigstore, repository, image),
    policy: { identities: [{ subject, issuer, extensions: { deploymentEnvironment: 'release' } }] },
    says: /but deploymentEnvironment is absent/,
  },
  'a bare key signed, where a certificate is expected': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { signer: { key: newKey() } }),
    says: /signed by a bare key, and no key is accepted/,
  },
  'a bare key signed in the classic way, where a certificate is expected': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { signer: { key: newKey() }, format: 'classic' }),
    says: /signed by a bare key, and no key is accepted/,
  },
  'another key signed': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { signer: { key: newKey() } }),
    policy: { identities: [], keys: [trustedKey('release.pub', newKey())] },
    says: /signed by none of the keys release\.pub.*Accepted: the key release\.pub/s,
  },
  'a certificate signed, where a key is expected': {
    given: ({ repository, image }) => signImage(sigstore, repository, image),
    policy: { identities: [], keys: [trustedKey('release.pub', newKey())] },
    says: /signed by "https:\/\/github\.com\/atlanhq/,
  },
  'many strangers signed': {
    given: async ({ repository, image }) => {
      for (let i = 0; i < 20; i += 1) {
        await signImage(sigstore, repository, image, {
          signer: { ...STRANGER, subject: `https://ci.example/${i}` },
        });
      }
    },
    says: /and 15 more/,
  },
});
