import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError, SignatureError } from '../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { imageAgeSeconds } from '../../../src/mirror/image-age.ts';
import { SignaturePending, verify, type VerifyDependencies } from '../../../src/mirror/verify.ts';
import { atDigest, parseReference, type DigestReference } from '../../../src/registry/reference.ts';
import { MemoryRegistry, type RegistryCall } from '../../fakes/memory-registry.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  buildMultiArch,
  push,
  type TestImage,
} from '../../support/images.ts';

const NOW = Date.UTC(2026, 0, 1);
const GRACE = 3600;
const REPOSITORY = parseReference('docker.io/v/a:1');

/** An image made so many seconds ago. */
function imageOfAge(seconds: number): TestImage {
  return buildImage({
    seed: 'a',
    layers: [8],
    created: new Date(NOW - seconds * 1000).toISOString(),
  });
}

function setUp(image: TestImage, before?: (call: RegistryCall) => void) {
  const source = new MemoryRegistry(before === undefined ? {} : { before });
  push(source.repository('docker.io/v/a'), image);
  const verifier = new FakeSignatureVerifier();
  const log: LogRecord[] = [];
  const reference: DigestReference = atDigest(REPOSITORY, image.digest);
  const check = (overrides: Partial<VerifyDependencies> = {}, signal?: AbortSignal) =>
    verify(
      reference,
      {
        verifier,
        source,
        mode: 'enforce',
        graceSeconds: GRACE,
        logger: createLogger((record) => log.push(record)),
        now: () => NOW,
        ...overrides,
      },
      signal === undefined ? {} : { signal },
    );
  return { source, verifier, log, reference, check };
}

describe('verify', () => {
  test('hands on the digest that was verified, with the evidence', async () => {
    const image = imageOfAge(0);
    const { verifier, reference, check, source } = setUp(image);
    verifier.accept(image.digest);
    const { source: verified, verification, waived } = await check();
    assert.deepEqual(
      [verified, verification?.digest, waived],
      [reference, image.digest, undefined],
    );
    assert.deepEqual(source.calls, [], 'no byte of it was read');
  });

  test('switched off it asks nobody, and says so', async () => {
    const { verifier, check } = setUp(imageOfAge(0));
    const { verification, waived } = await check({ mode: 'off' });
    assert.equal(verification, undefined);
    assert.match(waived ?? '', /switched off/);
    assert.deepEqual(verifier.asked, []);
  });

  test('on warn it goes on without a signature, says why, and warns', async () => {
    const { check, log } = setUp(imageOfAge(1e9));
    const { verification, waived } = await check({ mode: 'warn' });
    assert.equal(verification, undefined);
    assert.match(waived ?? '', /is not signed/);
    assert.deepEqual(
      log.map(({ level, fields }) => [level, fields['code']]),
      [['warn', 'SIGNATURE_MISSING']],
    );
  });

  const ages: readonly (readonly [string, number, boolean])[] = [
    ['just now', 0, true],
    ['ten minutes ago', 600, true],
    ['exactly the grace ago', GRACE, true],
    ['longer ago', GRACE + 1, false],
    ['a little in the future, by another clock', -600, true],
    ['far in the future, as somebody wrote', -GRACE - 1, false],
    ['1970, as reproducible builds say', NOW / 1000, false],
  ];
  for (const [when, seconds, isPending] of ages) {
    test(`a missing signature of an image made ${when} is ${isPending ? 'pending' : 'a refusal'}`, async () => {
      const { check } = setUp(imageOfAge(seconds));
      await assert.rejects(check(), (error) => {
        assert.ok(error instanceof SignatureError);
        assert.equal(error instanceof SignaturePending, isPending);
        assert.equal(error.code, 'SIGNATURE_MISSING');
        return true;
      });
    });
  }

  for (const code of ['SIGNATURE_INVALID', 'SIGNER_UNTRUSTED', 'TRUST_ROOT_UNAVAILABLE'] as const) {
    test(`youth excuses no ${code}`, async () => {
      const image = imageOfAge(0);
      const { verifier, source, check } = setUp(image);
      const verdict = new SignatureError(code, 'no');
      verifier.refuse(image.digest, verdict);
      await assert.rejects(check(), verdict);
      assert.deepEqual(source.calls, []);
    });
  }

  for (const method of ['getManifest', 'getBlob'] as const) {
    test(`the verdict stands when the age cannot be learned: ${method} fails`, async () => {
      const { check, log } = setUp(imageOfAge(0), (call) => {
        if (call.method === method) throw new RegistryError('REGISTRY_UNAVAILABLE', '503');
      });
      await assert.rejects(
        check(),
        (error) => error instanceof SignatureError && !(error instanceof SignaturePending),
      );
      assert.deepEqual(
        log.map(({ level, message }) => [level, /503/.test(message)]),
        [['debug', true]],
      );
    });
  }

  test('a stop while the age is asked for is a stop, not a verdict', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const { check } = setUp(imageOfAge(0), () => stop.abort(reason));
    await assert.rejects(check({}, stop.signal), reason);
  });

  test('what is no verdict passes through, in every mode that asks', async () => {
    const error = new RegistryError('REGISTRY_UNAVAILABLE', '503');
    for (const mode of ['enforce', 'warn'] as const) {
      const image = imageOfAge(0);
      const { verifier, check } = setUp(image);
      verifier.refuse(image.digest, error);
      await assert.rejects(check({ mode }), error);
    }
  });
});

async function ageOf(image: TestImage): Promise<number | undefined> {
  const registry = new MemoryRegistry();
  push(registry.repository('docker.io/v/a'), image);
  return imageAgeSeconds(registry, atDigest(REPOSITORY, image.digest), NOW, {});
}

describe('the age of an image', () => {
  test('is that of its config', async () => {
    assert.equal(await ageOf(imageOfAge(90)), 90);
  });

  test('is that of the first platform of an index, attestations aside', async () => {
    const created = new Date(NOW - 60_000).toISOString();
    const index = buildMultiArch('a', { layers: [8], created });
    assert.equal(await ageOf(index), 60);
    const attested = buildIndex({ children: [imageOfAge(30)], attestations: true });
    const [child, attestation] = attested.manifests;
    assert.ok(child && attestation);
    const backwards = buildIndex({
      children: [
        {
          ...attested,
          descriptor: {
            digest: attestation.digest,
            mediaType: attestation.mediaType,
            size: attestation.bytes.byteLength,
            platform: { os: 'unknown', architecture: 'unknown' },
          },
        },
        imageOfAge(30),
      ],
    });
    assert.equal(await ageOf(backwards), 30);
  });

  test('is not known of an empty index, an index of indexes, or an artifact', async () => {
    assert.equal(await ageOf(buildIndex({ children: [] })), undefined);
    assert.equal(
      await ageOf(buildIndex({ children: [buildMultiArch('a', { layers: [8] })] })),
      undefined,
    );
    assert.equal(await ageOf(buildArtifact({ layers: [] })), undefined);
  });

  for (const created of ['', 'yesterday', '0001-13-45T00:00:00Z']) {
    test(`is not known where "created" is ${JSON.stringify(created)}`, async () => {
      assert.equal(await ageOf(buildImage({ seed: 'a', layers: [8], created })), undefined);
    });
  }

  test('is not known of what the registry does not have', async () => {
    const registry = new MemoryRegistry();
    const missing = atDigest(REPOSITORY, imageOfAge(0).digest);
    assert.equal(await imageAgeSeconds(registry, missing, NOW, {}), undefined);
  });

  test('is learned from a config of bounded size only', async () => {
    const image = imageOfAge(0);
    const registry = new MemoryRegistry();
    push(registry.repository('docker.io/v/a'), image);
    let bound: number | undefined;
    const getBlob = registry.getBlob.bind(registry);
    registry.getBlob = (repository, descriptor, options) => {
      bound = options.maxBytes;
      return getBlob(repository, descriptor, options);
    };
    await imageAgeSeconds(registry, atDigest(REPOSITORY, image.digest), NOW, {});
    assert.ok(bound !== undefined && bound <= 4 * 1024 * 1024);
  });
});
