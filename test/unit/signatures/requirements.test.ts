import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttestationRequirement, SignaturePolicy } from '../../../src/signatures/policy.ts';
import { signImage, type SignImageOptions } from '../../support/sigstore/attach.ts';
import { acceptedAs, STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { createPrivateSigstore, newKey } from '../../support/sigstore/private-sigstore.ts';
import { createScene, refused, verify, type Scene } from '../../support/sigstore/scene.ts';

const sigstore = await createPrivateSigstore();
const key = newKey();
const APPROVER = { subject: 'https://ci.example/approve', issuer: 'https://issuer.example' };
const SLSA_1 = 'https://slsa.dev/provenance/v1';
const SLSA_02 = 'https://slsa.dev/provenance/v0.2';
const BUILDER = 'https://github.com/actions/runner/github-hosted';
const SOURCE = 'https://github.com/atlanhq/atlan-teradata-app';

function signing(...signatures: readonly SignImageOptions[]): (scene: Scene) => Promise<void> {
  return async ({ repository, image }) => {
    for (const options of signatures) await signImage(sigstore, repository, image, options);
  };
}

/** The vendor, an approver and a key are accepted. */
function requiring(
  signatures: number | 'all',
  attestations: readonly AttestationRequirement[] = [],
): Partial<SignaturePolicy> {
  return {
    identities: [VENDOR, APPROVER].map(acceptedAs),
    keys: [trustedKey('release.pub', key)],
    require: { signatures, attestations },
  };
}

describe('several signers', () => {
  test('two of those accepted, and both are evidence', async () => {
    const scene = createScene(sigstore);
    await signing({}, {}, { signer: { key }, format: 'classic' })(scene);
    const { signer, coSignatures } = await verify(scene, { policy: requiring(2) });
    const kinds = [signer, ...(coSignatures ?? []).map(({ signer }) => signer)].map(
      ({ kind }) => kind,
    );
    assert.deepEqual(new Set(kinds), new Set(['certificate', 'key']));
  });

  test('all of those accepted', async () => {
    const scene = createScene(sigstore);
    await signing({}, { signer: APPROVER }, { signer: { key } })(scene);
    const { coSignatures } = await verify(scene, { policy: requiring('all') });
    assert.equal(coSignatures?.length, 2);
  });

  test('two whom one pattern accepts are two', async () => {
    const scene = createScene(sigstore);
    await signing({}, { signer: STRANGER })(scene);
    const policy: Partial<SignaturePolicy> = {
      identities: [{ subjectPattern: 'https://github\\.com/.*', issuer: VENDOR.issuer }],
      require: { signatures: 2, attestations: [] },
    };
    assert.equal((await verify(scene, { policy })).coSignatures?.length, 1);
  });

  refused(sigstore, 'SIGNATURE_MISSING', {
    'two signatures of one signer are one': {
      given: signing({}, { format: 'classic' }),
      policy: requiring(2),
      says: /2 different signers must have signed, and it is signed by https:\/\/github\.com\/atlanhq/,
    },
    'one of all is missing, and the message says who': {
      given: signing({}, { signer: { key } }),
      policy: requiring('all'),
      says: /signed by .*, not by https:\/\/ci\.example\/approve/,
    },
    "a stranger's does not make up for a missing one": {
      given: signing({}, { signer: STRANGER }),
      policy: requiring(2),
      says: /lacks a signature.*stranger/,
    },
  });

  refused(sigstore, 'SIGNATURE_INVALID', {
    'the second one does not hold': {
      given: signing({}, { signer: APPROVER, about: `sha256:${'0'.repeat(64)}` }),
      policy: requiring(2),
      says: /lacks a signature.*it is about sha256:0000/,
    },
  });
});

const slsa1 = {
  buildDefinition: { externalParameters: { workflow: { repository: SOURCE, ref: 'main' } } },
  runDetails: { builder: { id: BUILDER } },
};
const slsa02 = {
  builder: { id: BUILDER },
  invocation: { configSource: { uri: `git+${SOURCE}@refs/heads/main` } },
};
const wanted = { predicateType: SLSA_1, builderId: BUILDER, sourceRepository: SOURCE };

describe('attestations as gates', () => {
  const conditions: Readonly<Record<string, AttestationRequirement & { predicate: object }>> = {
    'provenance of SLSA 1': { ...wanted, predicate: slsa1 },
    'provenance of SLSA 0.2': { ...wanted, predicateType: SLSA_02, predicate: slsa02 },
    'provenance by the generator of SLSA': {
      ...wanted,
      predicate: {
        ...slsa1,
        buildDefinition: {
          externalParameters: { source: { uri: `git+${SOURCE}.git@refs/tags/v1` } },
        },
      },
    },
    'an attestation of any type, without conditions': {
      predicateType: 'https://acme.example/reviewed/v1',
      predicate: {},
    },
  };
  for (const [title, { predicate, ...requirement }] of Object.entries(conditions)) {
    test(title, async () => {
      const { predicateType } = requirement;
      const scene = createScene(sigstore);
      await signing({}, { predicateType, predicate })(scene);
      const { attestations } = await verify(scene, { policy: requiring(1, [requirement]) });
      assert.deepEqual(
        attestations?.map((attestation) => attestation.predicateType),
        [predicateType],
      );
    });
  }

  refused(sigstore, 'SIGNATURE_MISSING', {
    'there is none': {
      given: signing({}),
      policy: requiring(1, [wanted]),
      says: /is signed, but lacks an attestation.*slsa\.dev\/provenance\/v1, builder .*, source /,
    },
    'there is one of another type': {
      given: signing({}, { predicateType: SLSA_02, predicate: slsa02 }),
      policy: requiring(1, [wanted]),
      says: /lacks an attestation/,
    },
    'there is one, and no signature': {
      given: signing({ predicateType: SLSA_1, predicate: slsa1 }),
      policy: requiring(1, [wanted]),
      says: /is not signed/,
    },
  });

  refused(sigstore, 'SIGNER_UNTRUSTED', {
    'a stranger attests': {
      given: signing({}, { signer: STRANGER, predicateType: SLSA_1, predicate: slsa1 }),
      policy: requiring(1, [wanted]),
      says: /lacks an attestation.*it is signed by "https:\/\/github\.com\/stranger/,
    },
  });

  refused(sigstore, 'SIGNATURE_INVALID', {
    'it is about another image': {
      given: signing(
        {},
        { predicateType: SLSA_1, predicate: slsa1, about: `sha256:${'0'.repeat(64)}` },
      ),
      policy: requiring(1, [wanted]),
      says: /it is about sha256:0000/,
    },
    'another builder': {
      given: signing({}, { predicateType: SLSA_1, predicate: { ...slsa1, runDetails: {} } }),
      policy: requiring(1, [wanted]),
      says: /its builder is undefined, not https:/,
    },
    'another source, which ours begins with': {
      given: signing(
        {},
        {
          predicateType: SLSA_1,
          predicate: {
            ...slsa1,
            buildDefinition: { externalParameters: { workflow: { repository: `${SOURCE}-fork` } } },
          },
        },
      ),
      policy: requiring(1, [wanted]),
      says: /its source is ".*-fork", not/,
    },
    'the right source only among the dependencies': {
      given: signing(
        {},
        {
          predicateType: SLSA_1,
          predicate: {
            runDetails: slsa1.runDetails,
            buildDefinition: { resolvedDependencies: [{ uri: `git+${SOURCE}` }] },
          },
        },
      ),
      policy: requiring(1, [wanted]),
      says: /its source is undefined/,
    },
  });
});
