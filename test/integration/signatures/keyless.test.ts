/** The real Cosign signs without keys at a Sigstore of ours; what it makes is verified by us. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SignatureError, type SignatureErrorCode } from '../../../src/errors.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import type { SignatureVerifier } from '../../../src/signatures/signature-verifier.ts';
import { fileTrustRoot } from '../../../src/signatures/trust-root-file.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { buildMultiArch, tagOf, type TestImage } from '../../support/images.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startDockerRegistry } from '../../support/servers/distribution.ts';
import { startOlareg } from '../../support/servers/olareg.ts';
import { pushTo, type RemoteRepository } from '../../support/servers/push.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { classicArtifact, referrerArtifact } from '../../support/sigstore/attach.ts';
import { startKeylessCosign, type KeylessCosign } from '../../support/sigstore/cosign-keyless.ts';
import { acceptedAs, STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { signBundle, signClassic } from '../../support/sigstore/sign.ts';

const sigstore = await createPrivateSigstore();
const SLSA = 'https://slsa.dev/provenance/v1';
const SOURCE = 'https://github.com/atlanhq/atlan-teradata-app';

const registries = [
  { name: 'docker-registry', start: startDockerRegistry },
  { name: 'olareg', start: startOlareg },
] as const;

/** One image at a real registry, and Cosign. */
interface World {
  readonly cosign: KeylessCosign;
  readonly image: TestImage;
  readonly remote: RemoteRepository;
  /** As Cosign is told of it. */
  readonly text: string;
  readonly reference: DigestReference;
  readonly verifier: (policy?: Partial<SignaturePolicy>) => SignatureVerifier;
}

async function worldOf(
  t: TestContext,
  start: (typeof registries)[number]['start'],
): Promise<World> {
  const server = await start();
  t.after(server.stop);
  const { path: folder, remove } = await temporaryFolder('keyless');
  t.after(remove);
  const cosign = await startKeylessCosign(sigstore, folder);
  t.after(() => cosign.stop());
  const client = createRegistries({ hosts: { [server.host]: { plainHttp: true } }, env: {} });
  t.after(() => client.close());
  const image = buildMultiArch('keyless');
  const remote = { server, repository: 'app' };
  await pushTo(remote, image, '1.0');
  return {
    cosign,
    image,
    remote,
    text: `${server.host}/app@${image.digest}`,
    reference: { kind: 'digest', registry: server.host, repository: 'app', digest: image.digest },
    verifier: (policy) =>
      createSignatureVerifier({
        registry: client.source,
        policyFor: () => ({ ...VENDOR_POLICY, ...policy }),
        trustRoot: fileTrustRoot(cosign.trustedRoot),
      }),
  };
}

for (const { name, start } of registries) {
  test(`what Cosign 3 signs at ${name} is accepted as the vendor's, and as nobody else's`, async (t) => {
    if (!requireServer(t, name, 'cosign')) return;
    const { cosign, text, reference, verifier } = await worldOf(t, start);
    await assert.rejects(verifier().verify(reference), verdict('SIGNATURE_MISSING'));
    await cosign.signBundle(text, VENDOR);
    const { format, signer, logIndex } = await verifier().verify(reference);
    assert.deepEqual([format, signer.kind], ['bundle', 'certificate']);
    assert.match(logIndex ?? '', /^\d+$/);
    const others = verifier({ identities: [acceptedAs(STRANGER)] });
    await assert.rejects(others.verify(reference), verdict('SIGNER_UNTRUSTED'));
  });

  test(`what Cosign 2 signs at ${name} is accepted as the vendor's, and as nobody else's`, async (t) => {
    if (!requireServer(t, name, 'cosign', 'cosign2')) return;
    const { cosign, text, reference, verifier } = await worldOf(t, start);
    await cosign.signClassic(text, STRANGER);
    await assert.rejects(verifier().verify(reference), verdict('SIGNER_UNTRUSTED'));
    // A second signature becomes a second layer of the same manifest.
    await cosign.signClassic(text, VENDOR);
    const { format, foundAt } = await verifier().verify(reference);
    assert.deepEqual([format, foundAt.place], ['classic', 'classic-tag']);
    const identities = [VENDOR, STRANGER].map(acceptedAs);
    const both = verifier({ identities, require: { signatures: 'all', attestations: [] } });
    assert.equal((await both.verify(reference)).coSignatures?.length, 1);
  });

  for (const [version, attest, tools] of [
    ['3', 'attest', ['cosign']],
    ['2', 'attestClassic', ['cosign', 'cosign2']],
  ] as const) {
    test(`what Cosign ${version} attests at ${name} is a gate, and no signature`, async (t) => {
      if (!requireServer(t, name, ...tools)) return;
      const { cosign, text, reference, verifier } = await worldOf(t, start);
      const predicate = {
        buildDefinition: {
          buildType: 'https://actions.github.io/buildtypes/workflow/v1',
          externalParameters: { workflow: { repository: SOURCE } },
        },
        runDetails: { builder: { id: 'https://builder.example' } },
      };
      await cosign[attest](text, VENDOR, { type: SLSA, predicate });
      await assert.rejects(verifier().verify(reference), verdict('SIGNATURE_MISSING'));
      await cosign.signBundle(text, VENDOR);
      const gate = (sourceRepository: string): SignatureVerifier =>
        verifier({
          require: { signatures: 1, attestations: [{ predicateType: SLSA, sourceRepository }] },
        });
      const { attestations = [] } = await gate(SOURCE).verify(reference);
      assert.deepEqual(
        attestations.map(({ predicateType, format }) => [predicateType, format]),
        [[SLSA, version === '2' ? 'classic' : 'bundle']],
      );
      await assert.rejects(gate(`${SOURCE}-fork`).verify(reference), verdict('SIGNATURE_INVALID'));
    });
  }

  test(`Cosign itself accepts at ${name} what our tests sign`, async (t) => {
    if (!requireServer(t, name, 'cosign')) return;
    const { cosign, image, remote, text } = await worldOf(t, start);
    const bundle = await signBundle(sigstore, image.digest, VENDOR);
    await assert.rejects(cosign.verify(text, VENDOR));
    await pushTo(remote, referrerArtifact(image.descriptor, bundle));
    await cosign.verify(text, VENDOR);
    await assert.rejects(cosign.verify(text, STRANGER));
    const other = buildMultiArch('classic');
    await pushTo(remote, other);
    const classic = await signClassic(sigstore, other.digest, VENDOR);
    await pushTo(remote, classicArtifact([classic]), tagOf(other.digest, '.sig'));
    await cosign.verify(text.replace(image.digest, other.digest), VENDOR);
  });
}

function verdict(code: SignatureErrorCode): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}
