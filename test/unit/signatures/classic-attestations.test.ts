/** Attestations in the form of Cosign 1 and 2, under the tag `sha256-….att`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../../../src/registry/reference.ts';
import type { SignaturePolicy } from '../../../src/signatures/policy.ts';
import {
  attestClassic,
  type ClassicAttestationOptions,
} from '../../support/sigstore/attest-classic.ts';
import { attachByTag, signImage } from '../../support/sigstore/attach.ts';
import { toPem } from '../../support/sigstore/der.ts';
import { STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { createPrivateSigstore, newKey } from '../../support/sigstore/private-sigstore.ts';
import { createScene, refused, verify, type Scene } from '../../support/sigstore/scene.ts';
import type { SignatureLayer, TestSigner } from '../../support/sigstore/sign.ts';

const SLSA = 'https://slsa.dev/provenance/v1';
const sigstore = await createPrivateSigstore();
const key = newKey();
const { certificate: another } = await sigstore.certify(STRANGER);

const gate: Partial<SignaturePolicy> = {
  require: { signatures: 1, attestations: [{ predicateType: SLSA, builderId: 'our builder' }] },
};
const predicate = { runDetails: { builder: { id: 'our builder' } } };

interface Attesting extends ClassicAttestationOptions {
  readonly signer?: TestSigner;
  readonly about?: Digest;
  readonly change?: (layer: SignatureLayer) => SignatureLayer;
  /** Whether the image is signed as well; yes by default. */
  readonly signed?: boolean;
  readonly suffix?: '.sig' | '.att';
}

function attested(how: Attesting): (scene: Scene) => Promise<void> {
  const { signer = VENDOR, about, change = (layer) => layer, signed = true, suffix } = how;
  return async ({ repository, image }) => {
    if (signed) await signImage(sigstore, repository, image, { format: 'classic' });
    const options = { predicateType: SLSA, predicate, ...how };
    const layer = await attestClassic(sigstore, about ?? image.digest, signer, options);
    attachByTag(repository, image.descriptor, [change(layer)], suffix ?? '.att');
  };
}

/** The same layer with one bit of its payload's middle changed. */
function tampered(layer: SignatureLayer): SignatureLayer {
  const envelope = JSON.parse(layer.bytes.toString('utf8')) as { payload: string };
  const text = Buffer.from(envelope.payload, 'base64').toString('utf8');
  const payload = Buffer.from(text.replace('our builder', 'our Builder')).toString('base64');
  return { ...layer, bytes: Buffer.from(JSON.stringify({ ...envelope, payload })) };
}

for (const log of ['dsse', 'intoto'] as const) {
  test(`logged as ${log}, it opens the gate, and is evidence`, async () => {
    const scene = createScene(sigstore);
    await attested({ log })(scene);
    const { attestations = [] } = await verify(scene, { policy: gate });
    const [attestation] = attestations;
    assert.equal(attestation?.predicateType, SLSA);
    assert.equal(attestation.format, 'classic');
    assert.equal(attestation.foundAt.place, 'classic-tag');
    assert.match(attestation.foundAt.reference, /^sha256-[0-9a-f]{64}\.att$/);
    assert.match(attestation.logIndex ?? '', /^\d+$/);
  });
}

test('by a key, without a log', async () => {
  const scene = createScene(sigstore);
  await attested({ signer: { key }, log: 'none' })(scene);
  const keys = [trustedKey('release.pub', key, false)];
  const { attestations } = await verify(scene, { policy: { ...gate, keys } });
  assert.deepEqual(attestations?.[0]?.signer, { kind: 'key', name: 'release.pub' });
});

refused(sigstore, 'SIGNATURE_MISSING', {
  'it is no signature': {
    given: attested({ signed: false }),
    says: /attestations \("https:\/\/slsa\.dev\/provenance\/v1"\), which are no signatures/,
  },
  'it is no signature where signatures stand, either': {
    given: attested({ signed: false, suffix: '.sig' }),
    says: /which are no signatures/,
  },
  'it is of another type': {
    given: attested({ predicateType: 'https://slsa.dev/provenance/v0.2' }),
    policy: gate,
    says: /lacks an attestation/,
  },
  'its annotation names the type, its statement another': {
    given: attested({
      predicateType: 'https://slsa.dev/provenance/v0.2',
      change: (layer) => ({
        ...layer,
        annotations: { ...layer.annotations, predicateType: SLSA },
      }),
    }),
    policy: gate,
    says: /lacks an attestation/,
  },
});

refused(sigstore, 'SIGNER_UNTRUSTED', {
  'a stranger attests': {
    given: attested({ signer: STRANGER }),
    policy: gate,
    says: /lacks an attestation.*it is signed by "https:\/\/github\.com\/stranger/,
  },
  'a key attests, where a certificate is expected': {
    given: attested({ signer: { key }, log: 'none' }),
    policy: gate,
    says: /signed by a bare key, and no key is accepted/,
  },
});

refused(sigstore, 'SIGNATURE_INVALID', {
  'it is about another image': {
    given: attested({ about: `sha256:${'0'.repeat(64)}` }),
    policy: gate,
    says: /it is about sha256:0000/,
  },
  'it was changed': {
    given: attested({ change: tampered }),
    policy: gate,
    says: /log entry is of another signature|does not match/,
  },
  'it was changed, and was logged in the old way': {
    given: attested({ change: tampered, log: 'intoto' }),
    policy: gate,
    says: /log entry is of another signature|does not match/,
  },
  'it was not logged': {
    given: attested({ log: 'none' }),
    policy: gate,
    says: /nothing proves when it was made/,
  },
  "another's certificate was logged": {
    given: attested({ loggedSigner: toPem(another, 'CERTIFICATE') }),
    policy: gate,
    says: /made with another certificate or key/,
  },
  "another's certificate was logged in the old way": {
    given: attested({ loggedSigner: toPem(another, 'CERTIFICATE'), log: 'intoto' }),
    policy: gate,
    says: /made with another certificate or key/,
  },
  'of another builder': {
    given: attested({ predicate: { runDetails: { builder: { id: 'another' } } } }),
    policy: gate,
    says: /its builder is "another", not our builder/,
  },
});
