import { MediaType } from '../../../src/registry/manifest.ts';
import { buildArtifact, buildMultiArch, push, tagOf } from '../../support/images.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { refused } from '../../support/sigstore/scene.ts';

const sigstore = await createPrivateSigstore();
const image = buildMultiArch('signed');
const [child] = image.manifests;
if (child === undefined) throw new Error('the image has no children');

refused(sigstore, 'SIGNATURE_MISSING', {
  'nothing is attached to the image': {
    given: () => undefined,
    says: /is not signed: nothing is attached to it.*sha256-[0-9a-f]{64}\.sig.*look again later/s,
  },
  'an attestation is no signature': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { predicateType: 'https://slsa.dev/provenance/v1' }),
    says: /attestations \("https:\/\/slsa\.dev\/provenance\/v1"\), which are no signatures/,
  },
  "a stranger's attestation is no signature by someone else": {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, {
        signer: { subject: 'https://ci.example/scan', issuer: 'https://issuer.example' },
        predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
      }),
    says: /which are no signatures/,
  },
  'an SBOM is no signature': {
    given: ({ repository, image }) =>
      push(
        repository,
        buildArtifact({
          layers: [{ mediaType: 'application/spdx+json', bytes: Buffer.from('{}') }],
        }),
        tagOf(image.digest, '.sbom'),
      ),
    says: /of the 1 manifests attached to it none is a Cosign signature/,
  },
  'the index is signed, and its child is asked for': {
    given: ({ repository, image }) => signImage(sigstore, repository, image),
    asked: { ...image, digest: child.digest },
    says: /nothing is attached/,
  },
  'the child is signed, and its index is asked for': {
    given: ({ repository }) =>
      signImage(sigstore, repository, {
        descriptor: { mediaType: MediaType.ociManifest, digest: child.digest, size: 1 },
      }),
    says: /nothing is attached/,
  },
  'the fallback tag resolves to the image itself': {
    given: ({ repository, image }) => repository.tags.set(tagOf(image.digest), image.digest),
    registry: { referrersApi: false },
    says: /nothing is attached/,
  },
  'the fallback tag lists what belongs to another image': {
    given: async ({ repository, image }) => {
      const other = buildMultiArch('other');
      await signImage(sigstore, repository, other, { place: 'fallback-tag' });
      const index = repository.tags.get(tagOf(other.digest));
      if (index !== undefined) repository.tags.set(tagOf(image.digest), index);
    },
    registry: { referrersApi: false },
    says: /nothing is attached/,
  },
});
