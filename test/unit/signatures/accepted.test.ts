import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityPolicy } from '../../../src/signatures/policy.ts';
import type { Verification } from '../../../src/signatures/signature-verifier.ts';
import { buildArtifact, push } from '../../support/images.ts';
import { attachByTag, signImage, type SignImageOptions } from '../../support/sigstore/attach.ts';
import { acceptedAs, STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { createScene, verify, type Judging, type Scene } from '../../support/sigstore/scene.ts';
import { signClassic } from '../../support/sigstore/sign.ts';
import { Annotation, withAnnotations } from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
const elsewhere = await createPrivateSigstore();

interface Acceptance extends Judging {
  readonly given: (scene: Scene) => unknown;
  readonly referrersApi?: boolean;
  readonly found: Pick<Verification, 'format'> & { readonly place: string };
}

function signed(
  found: Acceptance['found'],
  options: SignImageOptions,
  more: Partial<Acceptance> = {},
): Acceptance {
  return {
    given: ({ repository, image }) => signImage(sigstore, repository, image, options),
    found,
    ...more,
  };
}

const classicTag = { format: 'classic', place: 'classic-tag' } as const;
const referrer = { format: 'bundle', place: 'referrers' } as const;

const acceptances: Readonly<Record<string, Acceptance>> = {
  'classic, logged': signed(classicTag, { format: 'classic' }),
  'classic, logged and timestamped': signed(classicTag, { format: 'classic', timestamp: true }),
  'classic, in a referrer': signed(
    { format: 'classic', place: 'referrers' },
    { format: 'classic', place: 'referrers' },
  ),
  'bundle, logged': signed(referrer, {}),
  'bundle, logged and timestamped': signed(referrer, { timestamp: true }),
  'bundle, under the classic tag': signed(
    { format: 'bundle', place: 'classic-tag' },
    { place: 'classic-tag' },
  ),
  'bundle, listed by the fallback tag': signed(
    { format: 'bundle', place: 'fallback-tag' },
    { place: 'fallback-tag' },
    { referrersApi: false },
  ),
  'bundle, in Rekor 2': signed(referrer, { log: 'v2' }),
  'bundle, in Rekor 2 as a hashed record': signed(referrer, { log: 'v2-hashedrekord' }),
  'a timestamp of an unknown authority, beside a log entry': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, VENDOR);
      const signature = Buffer.from(layer.annotations?.[Annotation.signature] ?? '', 'base64');
      const timestamp = (await elsewhere.timestamp(signature)).toString('base64');
      const stamped = withAnnotations(layer, {
        [Annotation.timestamp]: JSON.stringify({ SignedRFC3161Timestamp: timestamp }),
      });
      attachByTag(repository, image.descriptor, [stamped]);
    },
    found: classicTag,
  },
  'a timestamp that is none, beside a log entry': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, VENDOR);
      const stamped = withAnnotations(layer, {
        [Annotation.timestamp]: '{"SignedRFC3161Timestamp":"MAA="}',
      });
      attachByTag(repository, image.descriptor, [stamped]);
    },
    found: classicTag,
  },
  'several layers, of which one is ours': {
    given: async ({ repository, image }) => {
      attachByTag(repository, image.descriptor, [
        await signClassic(sigstore, `sha256:${'0'.repeat(64)}`, VENDOR),
        await signClassic(sigstore, image.digest, STRANGER),
        await signClassic(sigstore, image.digest, VENDOR),
      ]);
    },
    found: classicTag,
  },
  'beside a signature that does not hold, an attestation and an SBOM': {
    given: async ({ repository, image }) => {
      await signImage(sigstore, repository, image, { about: `sha256:${'0'.repeat(64)}` });
      await signImage(sigstore, repository, image, {
        predicateType: 'https://slsa.dev/provenance/v1',
      });
      const sbom = { mediaType: 'application/spdx+json', bytes: Buffer.from('{}') };
      push(repository, buildArtifact({ subject: image.descriptor, layers: [sbom] }));
      await signImage(sigstore, repository, image, { format: 'classic' });
    },
    found: classicTag,
  },
  'by the second of two identities': signed(
    referrer,
    {},
    accepting(acceptedAs(STRANGER), acceptedAs(VENDOR)),
  ),
  'by a pattern that matches the whole': signed(
    referrer,
    {},
    {
      policy: {
        identities: [
          {
            subjectPattern: 'https://github\\.com/atlanhq/.*@refs/heads/main',
            issuerPattern: 'https://token\\.actions\\..*',
          },
        ],
      },
    },
  ),
  'under conditions on the source that hold': signed(
    referrer,
    {},
    accepting({
      ...acceptedAs(VENDOR),
      extensions: {
        sourceRepositoryURI: 'https://github.com/atlanhq/atlan-teradata-app',
        sourceRepositoryRef: 'refs/heads/main',
        runnerEnvironment: 'github-hosted',
        githubWorkflowRepository: 'atlanhq/atlan-teradata-app',
      },
    }),
  ),
};

for (const [title, acceptance] of Object.entries(acceptances)) {
  test(title, async () => {
    const { referrersApi = true, found } = acceptance;
    const scene = createScene(sigstore, { referrersApi });
    await acceptance.given(scene);
    const { digest, format, foundAt, signer, signedAt, logIndex } = await verify(scene, acceptance);
    assert.equal(digest, scene.image.digest);
    assert.deepEqual({ format, place: foundAt.place }, found);
    assert.equal(signer.kind === 'certificate' && signer.subject, VENDOR.subject);
    assert.match(logIndex ?? '', /^\d+$/);
    assert.ok(Math.abs(Date.now() - Date.parse(signedAt ?? '')) < 60_000, signedAt);
  });
}

test('the evidence tells who signed, from which source, and where it was found', async () => {
  const scene = createScene(sigstore);
  const artifact = await signImage(sigstore, scene.repository, scene.image);
  const { foundAt, signer } = await verify(scene);
  assert.equal(foundAt.reference, artifact.digest);
  assert.ok(signer.kind === 'certificate');
  assert.equal(signer.issuer, VENDOR.issuer);
  assert.equal(signer.extensions['sourceRepositoryURI'], VENDOR.extensions?.[12]);
  assert.equal(signer.extensions['sourceRepositoryDigest'], VENDOR.extensions?.[13]);
});

test('a root without a log of certificates does not ask for one', async () => {
  const plain = await createPrivateSigstore({ certificateLog: false });
  const scene = createScene(plain);
  await signImage(plain, scene.repository, scene.image);
  assert.equal((await verify(scene)).format, 'bundle');
});

test('a root without a transparency log takes the time from its timestamp authority', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image, { log: 'none', timestamp: true });
  const trustedRoot = { ...sigstore.trustedRoot, tlogs: [] };
  const { signedAt, logIndex } = await verify(scene, { trustedRoot });
  assert.ok(signedAt !== undefined);
  assert.equal(logIndex, undefined);
});

function accepting(...identities: readonly IdentityPolicy[]): Judging {
  return { policy: { identities } };
}
