import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { PublicKeyPolicy } from '../../../src/signatures/policy.ts';
import { readPublicKey } from '../../../src/signatures/public-key.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import {
  createPrivateSigstore,
  newKey,
  type KeyPair,
} from '../../support/sigstore/private-sigstore.ts';
import {
  createScene,
  referenceTo,
  refused,
  verify,
  type Judging,
} from '../../support/sigstore/scene.ts';
import { signClassic } from '../../support/sigstore/sign.ts';
import { attachByTag } from '../../support/sigstore/attach.ts';
import { Annotation, flipBit, withAnnotations } from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
const key = newKey();

const kinds: Readonly<Record<string, KeyPair>> = {
  'EC P-256': key,
  'EC P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'EC P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  Ed25519: generateKeyPairSync('ed25519'),
};

function only(key: PublicKeyPolicy): Judging {
  return { policy: { identities: [], keys: [trustedKey('other.pub', newKey()), key] } };
}

for (const [kind, key] of Object.entries(kinds)) {
  for (const format of ['classic', 'bundle'] as const) {
    test(`${kind}, ${format}, logged`, async () => {
      const scene = createScene(sigstore);
      await signImage(sigstore, scene.repository, scene.image, { signer: { key }, format });
      const found = await verify(scene, only(trustedKey('release.pub', key)));
      assert.deepEqual(found.signer, { kind: 'key', name: 'release.pub' });
      assert.match(found.logIndex ?? '', /^\d+$/);
    });

    test(`${kind}, ${format}, no log asked for and no trust root needed`, async () => {
      const scene = createScene(sigstore);
      const signer = { key };
      await signImage(sigstore, scene.repository, scene.image, { signer, format, log: 'none' });
      const verifier = createSignatureVerifier({
        registry: scene.registry,
        policyFor: () => ({
          identities: [],
          keys: [trustedKey('release.pub', key, false)],
          require: { signatures: 1, attestations: [] },
        }),
        trustRoot: {
          location: 'none',
          load: () => Promise.reject(new Error('it was asked for')),
        },
      });
      const { signer: found } = await verifier.verify(referenceTo(scene.image));
      assert.deepEqual(found, { kind: 'key', name: 'release.pub' });
    });
  }
}

test('a key in Rekor 2, which its entry names by the bare key', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image, { signer: { key }, log: 'v2' });
  const { logIndex } = await verify(scene, only(trustedKey('release.pub', key)));
  assert.equal(logIndex, '0');
});

refused(sigstore, 'SIGNATURE_INVALID', {
  'not logged, where that is asked for': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, { signer: { key }, log: 'none' }),
    says: /not in a transparency log/,
    ...only(trustedKey('release.pub', key)),
  },
  'logged by another key': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, {
        signer: { key },
        loggedSigner: trustedKey('', newKey()).pem,
      }),
    says: /made with another certificate or key/,
    ...only(trustedKey('release.pub', key)),
  },
  'a signature of another image': {
    given: ({ repository, image }) =>
      signImage(sigstore, repository, image, {
        signer: { key },
        about: `sha256:${'0'.repeat(64)}`,
      }),
    says: /it is about sha256:000/,
    ...only(trustedKey('release.pub', key, false)),
  },
});

refused(sigstore, 'SIGNER_UNTRUSTED', {
  'a signature that was changed is of no known key': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, { key }, { log: 'none' });
      const changed = withAnnotations(layer, {
        [Annotation.signature]: flipBit(layer.annotations?.[Annotation.signature] ?? '', 40),
      });
      attachByTag(repository, image.descriptor, [changed]);
    },
    says: /signed by none of the keys other\.pub, release\.pub/,
    ...only(trustedKey('release.pub', key, false)),
  },
});

const certificate = (await sigstore.certify({ subject: 'https://a.example', issuer: 'b' }))
  .certificate;
const unusable: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a private key': [
    key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    /it is a private key/,
  ],
  'a certificate': [
    `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----`,
    /it is a CERTIFICATE; a PUBLIC KEY is expected/,
  ],
  'a short RSA key': [
    pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
    /of type RSA 1024; EC/,
  ],
  'a curve nobody uses for this': [
    pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })),
    /of type EC secp256k1; EC/,
  ],
  'an agreement key': [pemOf(generateKeyPairSync('x25519')), /of type X25519; EC/],
  'no PEM': ['ssh-ed25519 AAAA', /not one PEM block/],
  'a PEM of nothing': [
    '-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----',
    /cannot be read/,
  ],
};

for (const [title, [pem, says]] of Object.entries(unusable)) {
  test(`as a public key is refused: ${title}`, () => {
    assert.throws(() => readPublicKey({ name: 'x', pem, requireLog: true }), says);
  });
}

function pemOf({ publicKey }: Pick<KeyPair, 'publicKey'>): string {
  return trustedKey('', { publicKey }).pem;
}
