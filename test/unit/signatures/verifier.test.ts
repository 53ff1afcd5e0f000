import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, RegistryError, SignatureError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { discoverOnce } from '../../../src/signatures/discover-once.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { signatureVerifierContract } from '../../contracts/signature-verifier.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { buildImage, push } from '../../support/images.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { acceptedAs, STRANGER } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore, trustRootOf } from '../../support/sigstore/private-sigstore.ts';
import { createScene, referenceTo, verifierOf } from '../../support/sigstore/scene.ts';

const sigstore = await createPrivateSigstore();
const HOST = 'registry.example';

function reference(name: string, registry: string = HOST): DigestReference {
  return { kind: 'digest', registry, repository: 'app', digest: buildImage({ seed: name }).digest };
}

signatureVerifierContract('the real one', async () => {
  const registry = new MemoryRegistry({
    before: ({ target }) => {
      if (target.startsWith('gone.example')) {
        throw new RegistryError('REGISTRY_UNAVAILABLE', `${target}: no answer`);
      }
    },
  });
  const repository = registry.repository(`${HOST}/app`);
  const images = ['accepted', 'unsigned', 'foreign', 'forged'].map((seed) => buildImage({ seed }));
  for (const image of images) push(repository, image);
  const [accepted, , foreign, forged] = images;
  if (!accepted || !foreign || !forged) throw new Error('an image is missing');
  await signImage(sigstore, repository, accepted);
  await signImage(sigstore, repository, foreign, { signer: STRANGER });
  await signImage(sigstore, repository, forged, { about: accepted.digest });
  return {
    verifier: createSignatureVerifier({
      registry,
      policyFor: () => VENDOR_POLICY,
      trustRoot: trustRootOf(sigstore.trustedRoot),
    }),
    accepted: reference('accepted'),
    unsigned: reference('unsigned'),
    signedBySomeoneElse: reference('foreign'),
    forged: reference('forged'),
    unreachable: reference('any', 'gone.example'),
  };
});

signatureVerifierContract('the fake', async () => {
  const verifier = new FakeSignatureVerifier();
  const refuse = (name: string, code: SignatureError['code']): DigestReference => {
    const image = reference(name);
    verifier.refuse(image.digest, new SignatureError(code, `${image.digest} is refused`));
    return image;
  };
  const unreachable = reference('gone');
  verifier.refuse(unreachable.digest, new RegistryError('REGISTRY_UNAVAILABLE', 'no answer'));
  verifier.accept(reference('accepted').digest);
  return {
    verifier,
    accepted: reference('accepted'),
    unsigned: reference('unsigned'),
    signedBySomeoneElse: refuse('foreign', 'SIGNER_UNTRUSTED'),
    forged: refuse('forged', 'SIGNATURE_INVALID'),
    unreachable,
  };
});

test('a second tag or repository with the same digest costs no request', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image);
  const verifier = verifierOf(scene);
  const image = referenceTo(scene.image);
  const first = await verifier.verify(image);
  scene.registry.calls.length = 0;
  assert.equal(await verifier.verify({ ...image, tag: '1.0' }), first);
  assert.equal(await verifier.verify({ ...image, repository: 'copy' }), first);
  assert.deepEqual(scene.registry.calls, []);
});

test('two tags with the same digest, asked at once, cost as much as one', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image);
  await verifierOf(scene).verify(referenceTo(scene.image));
  const once = scene.registry.calls.length;
  scene.registry.calls.length = 0;
  const verifier = verifierOf(scene);
  await Promise.all([1, 2, 3].map(() => verifier.verify(referenceTo(scene.image))));
  assert.equal(scene.registry.calls.length, once);
});

test('one digest in two repositories, signed in one of them, is accepted in whatever order', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image);
  const verifier = verifierOf(scene);
  const signed = referenceTo(scene.image);
  const [elsewhere, here] = await Promise.allSettled([
    verifier.verify({ ...signed, repository: 'unsigned' }),
    verifier.verify(signed),
  ]);
  assert.equal(elsewhere.status, 'rejected');
  assert.equal(here.status, 'fulfilled');
  await verifier.verify({ ...signed, repository: 'unsigned' });
});

test('each manifest and blob is asked for once, and nothing that the copier would not ask', async () => {
  const scene = createScene(sigstore);
  const artifact = await signImage(sigstore, scene.repository, scene.image);
  await verifierOf(scene).verify(referenceTo(scene.image));
  const [list, sig, att, sbom] = ['', '.sig', '.att', '.sbom'].map(
    (suffix) => `getManifest ${HOST}/app:${scene.image.digest.replace(':', '-')}${suffix}`,
  );
  const layer = [...artifact.blobs.keys()].find((digest) => digest !== digestOf(Buffer.from('{}')));
  assert.deepEqual(
    new Set(scene.registry.calls.map(({ method, target }) => `${method} ${target}`)),
    new Set([
      `referrers ${HOST}/app@${scene.image.digest}`,
      // A list of referrers need not hold what came before the registry kept one.
      list,
      sig,
      att,
      sbom,
      `getManifest ${HOST}/app@${artifact.digest}`,
      `getBlob ${HOST}/app@${layer}`,
    ]),
  );
  assert.equal(scene.registry.calls.length, 7);
});

test('what the verifier of a run discovered its copier need not ask for', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image);
  const discover = discoverOnce();
  const verifier = createSignatureVerifier({
    registry: scene.registry,
    policyFor: () => VENDOR_POLICY,
    trustRoot: trustRootOf(sigstore.trustedRoot),
    discover,
  });
  await verifier.verify(referenceTo(scene.image));
  scene.registry.calls.length = 0;
  assert.equal((await discover(scene.registry, referenceTo(scene.image))).length, 1);
  assert.deepEqual(scene.registry.calls, []);
});

test('each repository has its own policy', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image, { signer: STRANGER });
  const lenient: SignaturePolicy = { ...VENDOR_POLICY, identities: [acceptedAs(STRANGER)] };
  const verifier = createSignatureVerifier({
    registry: scene.registry,
    policyFor: ({ repository }) => (repository === 'app' ? lenient : VENDOR_POLICY),
    trustRoot: trustRootOf(sigstore.trustedRoot),
  });
  await verifier.verify(referenceTo(scene.image));
  const other = { ...referenceTo(scene.image), repository: 'other' };
  await assert.rejects(verifier.verify(other), { code: 'SIGNATURE_MISSING' });
});

test('a policy that cannot be meant is no verdict on an image', async () => {
  const scene = createScene(sigstore);
  const verifier = verifierOf(scene, { policy: { identities: [] } });
  await assert.rejects(verifier.verify(referenceTo(scene.image)), ConfigError);
});

test('of several acceptable signatures one is read', async () => {
  const scene = createScene(sigstore);
  await signImage(sigstore, scene.repository, scene.image);
  await signImage(sigstore, scene.repository, scene.image, { format: 'classic' });
  await verifierOf(scene).verify(referenceTo(scene.image));
  assert.equal(scene.registry.calls.filter(({ method }) => method === 'getBlob').length, 1);
});

test('of many signers only the accepted one is proved', async () => {
  const scene = createScene(sigstore);
  for (const branch of ['a', 'b', 'c']) {
    const signer = { ...STRANGER, subject: `${STRANGER.subject}${branch}` };
    await signImage(sigstore, scene.repository, scene.image, { signer });
  }
  await signImage(sigstore, scene.repository, scene.image);
  const trusted = trustRootOf(sigstore.trustedRoot);
  let proofs = 0;
  const verifier = createSignatureVerifier({
    registry: scene.registry,
    policyFor: () => VENDOR_POLICY,
    trustRoot: {
      ...trusted,
      load: (options) => {
        proofs += 1;
        return trusted.load(options);
      },
    },
  });
  await verifier.verify(referenceTo(scene.image));
  assert.equal(proofs, 1);
});

test('the trust root is not asked for before there is a signature to prove', async () => {
  const scene = createScene(sigstore);
  const trustRoot = {
    location: 'none',
    load: () => Promise.reject(new SignatureError('TRUST_ROOT_UNAVAILABLE', 'it is away')),
  };
  const { registry } = scene;
  const verifier = createSignatureVerifier({ registry, policyFor: () => VENDOR_POLICY, trustRoot });
  const image = referenceTo(scene.image);
  await assert.rejects(verifier.verify(image), { code: 'SIGNATURE_MISSING' });
  await signImage(sigstore, scene.repository, scene.image);
  await assert.rejects(verifier.verify(image), { code: 'TRUST_ROOT_UNAVAILABLE' });
});
