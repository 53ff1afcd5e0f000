import { digestOf } from '../../../src/registry/manifest.ts';
import { attachAsReferrer, attachByTag, signImage } from '../../support/sigstore/attach.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { refused, type Refusal, type Scene } from '../../support/sigstore/scene.ts';
import {
  signBundle,
  signClassic,
  type BundleOptions,
  type ClassicOptions,
  type SignatureLayer,
} from '../../support/sigstore/sign.ts';
import {
  Annotation,
  flipBit,
  withAnnotations,
  withBundle,
  withClassicEntry,
  withLogEntry,
} from '../../support/sigstore/tamper.ts';
import { toPem } from '../../support/sigstore/der.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';

const sigstore = await createPrivateSigstore();
const elsewhere = await createPrivateSigstore();
const unpublished = await createPrivateSigstore({ certificateLog: false });
const otherDigest = digestOf(Buffer.from('another image'));
const inHalfAnHour = new Date(Date.now() + 30 * 60 * 1000);

/** A classic signature by the vendor, changed after it was made. */
function classic(
  says: RegExp,
  change: (layer: SignatureLayer) => SignatureLayer | Promise<SignatureLayer> = (layer) => layer,
  options: ClassicOptions = {},
  more: Partial<Refusal> = {},
): Refusal {
  const given = async ({ repository, image }: Scene): Promise<void> => {
    const layer = await signClassic(sigstore, image.digest, VENDOR, options);
    attachByTag(repository, image.descriptor, [await change(layer)]);
  };
  return { given, says, ...more };
}

/** The same of a bundle. */
function bundle(
  says: RegExp,
  change: (layer: SignatureLayer) => SignatureLayer | Promise<SignatureLayer> = (layer) => layer,
  options: BundleOptions = {},
  more: Partial<Refusal> = {},
): Refusal {
  const given = async ({ repository, image }: Scene): Promise<void> => {
    const layer = await signBundle(sigstore, image.digest, VENDOR, options);
    attachAsReferrer(repository, image.descriptor, await change(layer));
  };
  return { given, says, ...more };
}

function replaced(layer: SignatureLayer, from: string, to: string): SignatureLayer {
  return { ...layer, bytes: Buffer.from(layer.bytes.toString('utf8').replaceAll(from, to)) };
}

/** What is said. */
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

/** Who signed. */
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

/** When, and whether it was published. */
refused(sigstore, 'SIGNATURE_INVALID', {
  'classic: not logged': classic(/nothing proves when it was made/, undefined, { log: 'none' }),
  'classic: timestamped, not logged': classic(/not in a transparency log/, undefined, {
    log: 'none',
    timestamp: true,
  }),
  'bundle: not logged': bundle(/nothing proves when it was made/, undefined, { log: 'none' }),
  'bundle: timestamped, not logged': bundle(/not in a transparency log/, undefined, {
    log: 'none',
    timestamp: true,
  }),
  'classic: logged after the certificate had ended': classic(
    /logged at \S+, outside its certificate's time/,
    undefined,
    { loggedAt: inHalfAnHour },
  ),
  'bundle: logged after the certificate had ended': bundle(
    /logged at \S+, outside its certificate's time/,
    undefined,
    { loggedAt: inHalfAnHour },
  ),
  'logged too late, and a timestamp in time does not mend that': bundle(
    /outside its certificate's time/,
    undefined,
    { loggedAt: inHalfAnHour, timestamp: true },
  ),
  'timestamped too late, and a log entry in time does not mend that': bundle(
    /not issued by an authority of the trust root, or not at that time/,
    undefined,
    { timestamp: true, timestampedAt: new Date(Math.floor(inHalfAnHour.getTime() / 1000) * 1000) },
  ),
  'classic: the promise to publish was changed': classic(/log entry does not hold/, (layer) =>
    withClassicEntry(layer, (entry) => {
      entry.SignedEntryTimestamp = flipBit(entry.SignedEntryTimestamp ?? '', 20);
    }),
  ),
  'classic: the time was changed': classic(/log entry does not hold/, (layer) =>
    withClassicEntry(layer, ({ Payload }) => {
      Payload.integratedTime += 1;
    }),
  ),
  'classic: the index was changed': classic(/log entry does not hold/, (layer) =>
    withClassicEntry(layer, ({ Payload }) => {
      Payload.logIndex += 1;
    }),
  ),
  'classic: an index that is no number': classic(/no usable time and index/, (layer) =>
    withClassicEntry(layer, ({ Payload }) => {
      Payload.logIndex = -1;
    }),
  ),
  'classic: an entry of Rekor 2': classic(/cannot carry an entry of Rekor 2/, (layer) =>
    withClassicEntry(layer, (entry) => {
      entry.SignedEntryTimestamp = null;
      entry.Payload.integratedTime = 0;
    }),
  ),
  'bundle: the proof of publication was changed': bundle(/log entry does not hold/, (layer) =>
    withLogEntry(layer, ({ inclusionProof }) => {
      if (inclusionProof === undefined) return;
      const { checkpoint } = inclusionProof;
      checkpoint.envelope = checkpoint.envelope.replace(/\n1\n./, (line) =>
        line.endsWith('A') ? '\n1\nB' : '\n1\nA',
      );
    }),
  ),
  'bundle: an index that is no number': bundle(
    /no usable index/,
    (layer) =>
      withLogEntry(layer, ({ inclusionProof }) => {
        if (inclusionProof !== undefined) inclusionProof.logIndex = '';
      }),
    { log: 'v2' },
  ),
  'bundle: no proof of publication': bundle(/malformed.*inclusionProof/, (layer) =>
    withLogEntry(layer, (entry) => {
      delete entry.inclusionProof;
    }),
  ),
  'bundle: one entry twice': bundle(/timestamp does not hold: duplicate|duplicate/, (layer) =>
    withBundle(layer, ({ verificationMaterial: { tlogEntries } }) => {
      tlogEntries.push(...tlogEntries);
    }),
  ),
  'bundle: Rekor 2 without a timestamp': bundle(/nothing proves when it was made/, undefined, {
    log: 'v2',
    timestamp: false,
  }),
  'the log is unknown': bundle(
    /entry is of the log [0-9a-f]{64}, which the trust root does not list/,
    undefined,
    {},
    { trustedRoot: { ...sigstore.trustedRoot, tlogs: elsewhere.trustedRoot.tlogs } },
  ),
  'the entry of another signature': {
    given: async ({ repository, image }) => {
      const [layer, other] = [
        await signClassic(sigstore, image.digest, VENDOR),
        await signClassic(sigstore, image.digest, VENDOR),
      ];
      const entry = { [Annotation.entry]: other.annotations?.[Annotation.entry] };
      attachByTag(repository, image.descriptor, [withAnnotations(layer, entry)]);
    },
    says: /log entry is of another signature/,
  },
  "the entry was made with a stranger's certificate": {
    given: async ({ repository, image }) => {
      const { certificate } = await sigstore.certify(STRANGER);
      const loggedSigner = toPem(certificate, 'CERTIFICATE');
      await signImage(sigstore, repository, image, { loggedSigner });
    },
    says: /made with another certificate or key than the signature's/,
  },
});
