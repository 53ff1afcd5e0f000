/** Signatures that others made, verified offline against the public Sigstore's root. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SignatureError, type SignatureErrorCode } from '../../../src/errors.ts';
import { digestOf, MediaType } from '../../../src/registry/manifest.ts';
import type { SignaturePolicy } from '../../../src/signatures/policy.ts';
import type { Verification } from '../../../src/signatures/signature-verifier.ts';
import { fileTrustRoot } from '../../../src/signatures/trust-root-file.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { tagOf } from '../../support/images.ts';
import type { RepositoryStore } from '../../support/registry/store.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/cosign');
const GITHUB = 'https://token.actions.githubusercontent.com';

/** A registry with one image and what is attached to it. */
interface World {
  readonly registry: MemoryRegistry;
  readonly image: Buffer;
}

function read(folder: string, file: string): Buffer {
  return readFileSync(join(FIXTURES, folder, file));
}

function worldOf(
  image: Buffer,
  attach: (repository: RepositoryStore) => void,
  referrersApi: boolean = true,
): World {
  const registry = new MemoryRegistry({ referrersApi });
  const repository = registry.repository('registry.example/app');
  const { mediaType } = JSON.parse(image.toString('utf8'));
  repository.putManifest({ bytes: image, mediaType });
  attach(repository);
  return { registry, image };
}

/** An image with a classic signature, whose manifest and payloads may be changed on the way. */
function classicWorld(
  folder: string,
  imageFile: string,
  change: (text: string) => string = (text) => text,
): World {
  const image = read(folder, imageFile);
  return worldOf(image, (repository) => {
    const manifest = Buffer.from(change(read(folder, 'sig.manifest.json').toString('utf8')));
    for (const blob of readdirSync(join(FIXTURES, folder, 'blobs'))) {
      repository.putBlob(read(folder, `blobs/${blob}`));
    }
    repository.putManifest(
      { bytes: manifest, mediaType: MediaType.ociManifest },
      tagOf(digestOf(image), '.sig'),
    );
  });
}

/** An image with a bundle, found by its fallback tag. */
function bundleWorld(change: (text: string) => string = (text) => text): World {
  const folder = 'bundle-keyless-ghcr';
  const original = read(folder, 'bundle.json');
  const bundle = Buffer.from(change(original.toString('utf8')));
  // A changed bundle gets the references that a forger would give it.
  const rewrite = (file: string, from: Buffer, to: Buffer): Buffer =>
    Buffer.from(
      read(folder, file)
        .toString('utf8')
        .replaceAll(digestOf(from), digestOf(to))
        .replaceAll(`"size":${from.length}`, `"size":${to.length}`),
    );
  const referrer = rewrite('referrer.manifest.json', original, bundle);
  const index = rewrite(
    'fallback-tag.index.json',
    read(folder, 'referrer.manifest.json'),
    referrer,
  );
  const image = read(folder, 'image.manifest.json');
  return worldOf(
    image,
    (repository) => {
      repository.putBlob(bundle);
      repository.putManifest({ bytes: referrer, mediaType: MediaType.ociManifest });
      repository.putManifest(
        { bytes: index, mediaType: MediaType.ociIndex },
        tagOf(digestOf(image)),
      );
    },
    false,
  );
}

function verify(
  { registry, image }: World,
  policy: Partial<SignaturePolicy>,
): Promise<Verification> {
  const verifier = createSignatureVerifier({
    registry,
    policyFor: () => ({
      identities: [],
      keys: [],
      require: { signatures: 1, attestations: [] },
      ...policy,
    }),
    trustRoot: fileTrustRoot(join(FIXTURES, 'trusted_root.public-good.json')),
  });
  const digest = digestOf(image);
  return verifier.verify({
    kind: 'digest',
    registry: 'registry.example',
    repository: 'app',
    digest,
  });
}

async function refuses(
  world: World,
  policy: Partial<SignaturePolicy>,
  code: SignatureErrorCode,
): Promise<void> {
  await assert.rejects(verify(world, policy), (error) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

describe('a classic keyless signature of a GitHub workflow', () => {
  const [folder, image] = ['classic-keyless-github-actions', 'image.index.json'];
  const subject =
    'https://github.com/salrashid123/go-bazel-github-workflow/.github/workflows/release.yaml@refs/tags/v0.0.30';
  const policy = { identities: [{ subject, issuer: GITHUB }] };

  test('is accepted, with its evidence', async () => {
    const { format, signer, signedAt, logIndex } = await verify(
      classicWorld(folder, image),
      policy,
    );
    assert.ok(signer.kind === 'certificate');
    assert.equal(format, 'classic');
    assert.equal(signer.extensions['sourceRepositoryRef'], 'refs/tags/v0.0.30');
    assert.match(signedAt ?? '', /^2026-02-/);
    assert.match(logIndex ?? '', /^\d{6,}$/);
  });

  test('is refused when another tag is expected', async () => {
    const identities = [{ subject: subject.replace('v0.0.30', 'v0.0.31'), issuer: GITHUB }];
    await refuses(classicWorld(folder, image), { identities }, 'SIGNER_UNTRUSTED');
  });

  test('is refused when one byte of it is changed', async () => {
    const flipped = classicWorld(folder, image, (text) =>
      text.replace(
        /(cosign\/signature": "M[A-Za-z0-9+/]{20})(.)/,
        (_, head: string, at: string) => head + (at === 'A' ? 'B' : 'A'),
      ),
    );
    await refuses(flipped, policy, 'SIGNATURE_INVALID');
  });
});

describe('a bundle of Cosign 3, found by the fallback tag of a registry', () => {
  const subject =
    'https://github.com/docker/actions-toolkit/.github/workflows/test.yml@refs/pull/847/merge';

  test('is accepted by whoever signed it, and by nobody else', async () => {
    const anybody = { identities: [{ subjectPattern: '.*', issuerPattern: '.*' }] };
    const { format, signer, foundAt } = await verify(bundleWorld(), anybody);
    assert.ok(signer.kind === 'certificate');
    assert.deepEqual([format, foundAt.place], ['bundle', 'fallback-tag']);
    assert.match(signer.subject, /^https:\/\/github\.com\/docker\//);
    const { issuer } = signer;
    await verify(bundleWorld(), { identities: [{ subject: signer.subject, issuer }] });
    const another = { identities: [{ subject: `${subject}-other`, issuer }] };
    await refuses(bundleWorld(), another, 'SIGNER_UNTRUSTED');
  });

  test('is refused when one byte of it is changed', async () => {
    const anybody = { identities: [{ subjectPattern: '.*', issuerPattern: '.*' }] };
    const flipped = bundleWorld((text) =>
      text.replace(
        /("sig":\s*"M[A-Za-z0-9+/]{20})(.)/,
        (_, head: string, at: string) => head + (at === 'A' ? 'B' : 'A'),
      ),
    );
    await refuses(flipped, anybody, 'SIGNATURE_INVALID');
  });
});

describe('three signatures by keys, none of them logged', () => {
  const [folder, image] = ['classic-keys-connaisseur', 'image.manifest.json'];
  const key = (name: string, requireLog: boolean = false): SignaturePolicy['keys'][number] => ({
    name,
    pem: read(folder, `${name}.pub`).toString('utf8'),
    requireLog,
  });

  test('are accepted one by one, and all together', async () => {
    for (const name of ['alice', 'bob', 'charlie']) {
      const { signer } = await verify(classicWorld(folder, image), { keys: [key(name)] });
      assert.deepEqual(signer, { kind: 'key', name });
    }
    const { coSignatures } = await verify(classicWorld(folder, image), {
      keys: [key('alice'), key('bob'), key('charlie')],
      require: { signatures: 'all', attestations: [] },
    });
    assert.equal(coSignatures?.length, 2);
  });

  test('are refused where a log is asked for', async () => {
    await refuses(classicWorld(folder, image), { keys: [key('alice', true)] }, 'SIGNATURE_INVALID');
  });

  test('do not make up for a certificate', async () => {
    const identities = [{ subjectPattern: '.*', issuerPattern: '.*' }];
    await refuses(classicWorld(folder, image), { identities }, 'SIGNER_UNTRUSTED');
  });
});
