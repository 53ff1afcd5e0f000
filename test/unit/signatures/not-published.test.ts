import { attachByTag, signImage } from '../../support/sigstore/attach.ts';
import { changedSignatures } from '../../support/sigstore/changed.ts';
import { toPem } from '../../support/sigstore/der.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { refused } from '../../support/sigstore/scene.ts';
import { signClassic } from '../../support/sigstore/sign.ts';
import {
  Annotation,
  flipBit,
  withAnnotations,
  withBundle,
  withClassicEntry,
  withLogEntry,
} from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
const elsewhere = await createPrivateSigstore();
const { classic, bundle } = changedSignatures(sigstore);
const inHalfAnHour = new Date(Math.floor(Date.now() / 1000) * 1000 + 30 * 60 * 1000);

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
    { timestamp: true, timestampedAt: inHalfAnHour },
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
