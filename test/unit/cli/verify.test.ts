import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { verifyCommand } from '../../../src/cli/commands/verify.ts';
import { plainPaint } from '../../../src/cli/output/format.ts';
import type { OutputFormat, Terminal } from '../../../src/cli/output/terminal.ts';
import { SignatureError } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import type { SignatureVerifier } from '../../../src/signatures/signature-verifier.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { buildImage, push } from '../../support/images.ts';
import { signImage } from '../../support/sigstore/attach.ts';
import { acceptedAs, STRANGER, VENDOR } from '../../support/sigstore/identities.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { createPrivateSigstore, newKey } from '../../support/sigstore/private-sigstore.ts';
import { createScene, verifierOf } from '../../support/sigstore/scene.ts';

const SLSA = 'https://slsa.dev/provenance/v1';

interface Shown {
  readonly exitCode: number;
  readonly stdout: string;
}

/** What `mirror verify` answers. */
async function shown(
  registry: MemoryRegistry,
  verifier: SignatureVerifier,
  references: readonly string[],
  format: OutputFormat = 'human',
): Promise<Shown> {
  const stdout = new PassThrough();
  const terminal: Terminal = {
    format,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    paint: plainPaint,
    logger: silentLogger,
    aside: (write) => write(),
  };
  const dependencies = { registry, verifier, defaultRegistry: 'registry.example' };
  const exitCode = await verifyCommand(dependencies, references, terminal);
  stdout.end();
  return { exitCode, stdout: await text(stdout) };
}

describe('evidence', async () => {
  const sigstore = await createPrivateSigstore();
  const key = newKey();
  const scene = createScene(sigstore);
  const { repository, image, registry } = scene;
  await signImage(sigstore, repository, image);
  await signImage(sigstore, repository, image, { signer: { key }, format: 'classic', log: 'none' });
  await signImage(sigstore, repository, image, { predicateType: SLSA, predicate: {} });
  const verifier = verifierOf(scene, {
    policy: {
      identities: [acceptedAs(VENDOR)],
      keys: [trustedKey('release.pub', key, false)],
      require: { signatures: 2, attestations: [{ predicateType: SLSA }] },
    },
  });

  test('shows every signature and attestation that counted', async () => {
    const { exitCode, stdout } = await shown(registry, verifier, ['app:1.0']);
    assert.equal(exitCode, 0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    assert.equal(head, '✔ registry.example/app:1.0: verified');
    const names = rows.map((row) => row.slice(4, 20).trimEnd());
    const column = (name: string): readonly string[] =>
      rows.filter((_, at) => names[at] === name).map((row) => row.slice(21));
    const SOURCE = 'https://github.com/atlanhq/atlan-teradata-app (refs/heads/main)';
    // The smallest signature is looked at first.
    assert.deepEqual(
      {
        digest: column('digest'),
        by: column('signed by'),
        alsoBy: column('also signed by'),
        attestation: column('attestation'),
        attestedBy: column('attested by'),
        issuer: new Set(column('issuer')),
        workflow: new Set(column('workflow')),
        source: new Set(column('source')),
        commit: new Set(column('source commit')),
        builtBy: new Set(column('built by')),
      },
      {
        digest: [image.digest],
        by: ['the key release.pub'],
        alsoBy: [VENDOR.subject],
        attestation: [SLSA],
        attestedBy: [VENDOR.subject],
        issuer: new Set([VENDOR.issuer]),
        workflow: new Set([VENDOR.subject]),
        source: new Set([SOURCE]),
        commit: new Set([VENDOR.extensions?.[13]]),
        builtBy: new Set(['github-hosted']),
      },
    );
    assert.deepEqual(
      column('log index').map((value) => value.replace(/^\d+$/, 'index')),
      ['none: in no transparency log', 'index', 'index'],
    );
    assert.equal(column('time')[0], 'told by no log and no authority');
    assert.match(column('time')[1] ?? '', /^20\d\d-\d\d-\d\dT/);
    assert.match(column('found')[0] ?? '', /^sha256-[0-9a-f]{64}\.sig, under its tag, in classic/);
    assert.match(column('found')[1] ?? '', /^sha256:[0-9a-f]{64}, by the referrers API, in bundle/);
  });

  test('in full as JSON, for auditors', async () => {
    const { stdout } = await shown(registry, verifier, ['app:1.0'], 'json');
    const [{ verification, ...rest }] = JSON.parse(stdout);
    assert.deepEqual(rest, { image: 'registry.example/app:1.0', verified: true });
    assert.equal(verification.digest, image.digest);
    assert.deepEqual(verification.signer, { kind: 'key', name: 'release.pub' });
    const [{ signer, signedAt }] = verification.coSignatures;
    assert.equal(signer.subject, VENDOR.subject);
    assert.equal(signer.extensions.sourceRepositoryDigest, VENDOR.extensions?.[13]);
    assert.match(signedAt, /^20/);
    assert.equal(verification.attestations[0].predicateType, SLSA);
    assert.match(verification.attestations[0].logIndex, /^\d+$/);
  });

  test('of somebody else, who is named', async () => {
    const strangers = verifierOf(scene, { policy: { identities: [acceptedAs(STRANGER)] } });
    const { exitCode, stdout } = await shown(registry, strangers, ['app:1.0']);
    assert.equal(exitCode, 4);
    assert.match(stdout, /^✖ registry\.example\/app:1\.0: not verified\n {4}SIGNER_UNTRUSTED: /);
    assert.match(stdout, /it is signed by "https:\/\/github\.com\/atlanhq\//);
  });
});

test('one image does not hide another, and the gravest failure is the exit code', async () => {
  const registry = new MemoryRegistry();
  const [good, bad] = ['good', 'bad'].map((seed) => buildImage({ seed }));
  assert.ok(good && bad);
  push(registry.repository('registry.example/good'), good, '1');
  push(registry.repository('registry.example/bad'), bad, '1');
  const invalid = new SignatureError('SIGNATURE_INVALID', 'it was\u001b[2J changed');
  const verifier = new FakeSignatureVerifier().accept(good.digest).refuse(bad.digest, invalid);
  const references = ['bad:1', 'missing:1', 'good:1'];
  const { exitCode, stdout } = await shown(registry, verifier, references);
  assert.equal(exitCode, 4);
  assert.match(stdout, /bad:1: not verified\n {4}SIGNATURE_INVALID: it was\\u001b\[2J changed\n/);
  assert.match(stdout, /missing:1: could not be checked\n {4}REGISTRY_NOT_FOUND: .*spelling/);
  assert.match(stdout, /good:1: verified\n/);
  const { stdout: json } = await shown(registry, verifier, references, 'json');
  const results = JSON.parse(json) as readonly { verified: boolean; error?: { code: string } }[];
  assert.deepEqual(
    results.map(({ verified, error }) => error?.code ?? verified),
    ['SIGNATURE_INVALID', 'REGISTRY_NOT_FOUND', true],
  );
});
