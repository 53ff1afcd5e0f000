import { digestOf } from '../../../src/registry/manifest.ts';
import { attachAsReferrer, attachByTag, signImage } from '../../support/sigstore/attach.ts';
import { changedSignatures } from '../../support/sigstore/changed.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { refused } from '../../support/sigstore/scene.ts';
import { signBundle, signClassic, type SignatureLayer } from '../../support/sigstore/sign.ts';
import { Annotation, flipBit, withAnnotations, withBundle } from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
const elsewhere = await createPrivateSigstore();
const unpublished = await createPrivateSigstore({ certificateLog: false });
const { classic, bundle } = changedSignatures(sigstore);
const otherDigest = digestOf(Buffer.from('another image'));

function replaced(layer: SignatureLayer, from: string, to: string): SignatureLayer {
  return { ...layer, bytes: Buffer.from(layer.bytes.toString('utf8').replaceAll(from, to)) };
}

// What is said.
refused(sigstore, 'SIGNATURE_INVALID', {
  'classic: the payload was changed': classic(/log entry is of another signature/, (layer) =>
    replaced(layer, 'registry.example', 'registry.evil'),
  ),
  'classic: the payload was changed to name this image': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, otherDigest, VENDOR);
      attachByTag(repository, image.descriptor, [replaced(layer, otherDigest, image.digest)]);
    },
    says: /log entry is of another signature/,
  },
  'classic: a signature of another image': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { format: 'classic', about: otherDigest }),
    says: new RegExp(`it is about ${otherDigest}, not about this one`),
  },
  'classic: of another type': classic(/of type "atomic container signature"/, undefined, {
    type: 'atomic container signature',
  }),
  'classic: the payload is no JSON': classic(/payload is not JSON/, (layer) => ({
    ...layer,
    bytes: Buffer.from('critical'),
  })),
  'bundle: a signature of another image': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { about: otherDigest }),
    says: new RegExp(`it is about ${otherDigest}, not about this one`),
  },
  'bundle: the statement was changed to name this image': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, otherDigest, VENDOR);
      const forged = withBundle(layer, ({ dsseEnvelope }) => {
        const text = Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8');
        const changed = text.replaceAll(otherDigest.slice(7), image.digest.slice(7));
        dsseEnvelope.payload = Buffer.from(changed).toString('base64');
      });
      attachAsReferrer(repository, image.descriptor, forged);
    },
    says: /log entry is of another signature/,
  },
  'bundle: the payload is no in-toto statement': bundle(/payload is "text\/plain"/, undefined, {
    payloadType: 'text/plain',
  }),
  'bundle: a statement of an unknown type': bundle(
    /statement is of type "https:\/\/in-toto\.io\/Statement\/v9"/,
    undefined,
    { statementType: 'https://in-toto.io/Statement/v9' },
  ),
  'bundle: it signs a bare digest': bundle(/signs a bare digest/, (layer) =>
    withBundle(layer, (json) => {
      const { payload, signatures } = json.dsseEnvelope;
      Object.assign(json, {
        dsseEnvelope: undefined,
        messageSignature: {
          messageDigest: { algorithm: 'SHA2_256', digest: payload.slice(0, 44) },
          signature: signatures[0]?.sig,
        },
      });
    }),
  ),
});

// Who signed.
refused(sigstore, 'SIGNATURE_INVALID', {
  'classic: the signature was changed': classic(/log entry is of another signature/, (layer) =>
    withAnnotations(layer, {
      [Annotation.signature]: flipBit(layer.annotations?.[Annotation.signature] ?? '', 40),
    }),
  ),
  'classic: no signature at all': classic(/signature is not base64/, (layer) =>
    withAnnotations(layer, { [Annotation.signature]: undefined }),
  ),
  'classic: two certificates': classic(/is not one PEM block|is not base64/, (layer) => {
    const pem = layer.annotations?.[Annotation.certificate] ?? '';
    return withAnnotations(layer, { [Annotation.certificate]: pem + pem });
  }),
  'classic: a broken certificate does not make it a signature by a key': {
    ...classic(/certificate is not one PEM block/, (layer) =>
      withAnnotations(layer, { [Annotation.certificate]: 'none' }),
    ),
    policy: { identities: [], keys: [trustedKey('any.pub', sigstore.authority)] },
  },
  "bundle: another's certificate": bundle(
    /certificate or key than the signature's|does not match|another/,
    async (layer) => {
      const { certificate } = await sigstore.certify(VENDOR);
      return withBundle(layer, ({ verificationMaterial }) => {
        verificationMaterial.certificate = { rawBytes: certificate.toString('base64') };
      });
    },
  ),
  'an authority nobody trusts issued the certificate': bundle(
    /not issued by an authority of the trust root/,
    undefined,
    {},
    {
      trustedRoot: {
        ...sigstore.trustedRoot,
        certificateAuthorities: elsewhere.trustedRoot.certificateAuthorities,
      },
    },
  ),
  'no log published the certificate': {
    given: async ({ repository, image }) => signImage(unpublished, repository, image),
    trustedRoot: { ...unpublished.trustedRoot, ctlogs: sigstore.trustedRoot.ctlogs },
    says: /not published in a certificate log \(no SCT\)/,
  },
  'an unknown log published the certificate': bundle(
    /published in the log [0-9a-f]{64}, which the trust root does not list/,
    undefined,
    {},
    { trustedRoot: { ...sigstore.trustedRoot, ctlogs: elsewhere.trustedRoot.ctlogs } },
  ),
  'the trust root is of another Sigstore': bundle(
    /./,
    undefined,
    {},
    {
      trustedRoot: elsewhere.trustedRoot,
    },
  ),
});
