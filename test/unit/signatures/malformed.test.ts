import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError, type RegistryErrorCode } from '../../../src/errors.ts';
import { MAX_ATTACHMENTS } from '../../../src/signatures/discover.ts';
import { MAX_BUNDLE_BYTES, MAX_CANDIDATES } from '../../../src/signatures/candidates.ts';
import type { MemoryRegistryOptions } from '../../fakes/memory-registry.ts';
import {
  attachAsReferrer,
  attachByTag,
  classicArtifact,
  signImage,
} from '../../support/sigstore/attach.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';
import { createScene, refused, verify, type Refusal } from '../../support/sigstore/scene.ts';
import { signBundle, signClassic } from '../../support/sigstore/sign.ts';
import { push, tagOf } from '../../support/images.ts';
import {
  Annotation,
  withAnnotations,
  withBundle,
  withClassicEntry,
  withLogEntry,
} from '../../support/sigstore/tamper.ts';

const sigstore = await createPrivateSigstore();
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The image has one referrer, whose bundle is this. */
function bundleOf(text: string, says: RegExp): Refusal {
  return {
    given: ({ repository, image }) =>
      attachAsReferrer(repository, image.descriptor, {
        mediaType: BUNDLE,
        bytes: Buffer.from(text),
      }),
    says,
  };
}

refused(sigstore, 'SIGNATURE_INVALID', {
  'an empty bundle': bundleOf('', /bundle is not JSON/),
  'a bundle that is null': bundleOf('null', /bundle is not a JSON object/),
  'a bundle that is a list': bundleOf('[]', /bundle is not a JSON object/),
  'a bundle of nothing': bundleOf('{}', /unknown version, undefined/),
  'a bundle of a version to come': bundleOf(
    '{"mediaType":"application/vnd.dev.sigstore.bundle.v9.0+json"}',
    /unknown version, "application\/vnd\.dev\.sigstore\.bundle\.v9\.0\+json"/,
  ),
  'a bundle that is a version and no more': bundleOf(
    `{"mediaType":"${BUNDLE}"}`,
    /bundle is malformed: .*content/,
  ),
  'a bundle that writes to the terminal': bundleOf(
    `{"mediaType":"${BUNDLE}","messageSignature":{"messageDigest":{"algorithm":"\\u001b[2J\\n"}}}`,
    /malformed: .*\\u001b\[2J\\u000a/,
  ),
  'a bundle that nests without end': bundleOf(
    `{"mediaType":"${BUNDLE}","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    /bundle is malformed/,
  ),
  'a bundle cut short': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR);
      const half = layer.bytes.subarray(0, layer.bytes.length / 2);
      attachAsReferrer(repository, image.descriptor, { ...layer, bytes: half });
    },
    says: /bundle is not JSON/,
  },
  'a bundle larger than any': bundleOf(
    `${' '.repeat(MAX_BUNDLE_BYTES)}{}`,
    /it takes 16777218 bytes; at most 16777216 are read/,
  ),
  'a classic payload larger than any': {
    given: ({ repository, image }) =>
      attachByTag(repository, image.descriptor, [
        {
          mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
          bytes: Buffer.alloc(100_000),
        },
      ]),
    says: /it takes 100000 bytes; at most 65536 are read/,
  },
  'a certificate that is none': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR);
      const broken = withBundle(layer, ({ verificationMaterial }) => {
        verificationMaterial.certificate = { rawBytes: 'MAA=' };
      });
      attachAsReferrer(repository, image.descriptor, broken);
    },
    says: /certificate cannot be read/,
  },
  'a certificate larger than any': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR);
      const huge = withBundle(layer, ({ verificationMaterial }) => {
        verificationMaterial.certificate = { rawBytes: 'MAAw'.repeat(1_000_000) };
      });
      attachAsReferrer(repository, image.descriptor, huge);
    },
    says: /its certificate takes 3000000 bytes; at most 65536 are examined/,
  },
  'a number longer than any': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR, { log: 'v2' });
      const long = withLogEntry(layer, ({ inclusionProof }) => {
        if (inclusionProof !== undefined) inclusionProof.logIndex = '9'.repeat(1_000_000);
      });
      attachAsReferrer(repository, image.descriptor, long);
    },
    says: /a number that is longer than any/,
  },
  'a proof longer than any': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR, { log: 'v2' });
      const long = withLogEntry(layer, ({ inclusionProof }) => {
        Object.assign(inclusionProof ?? {}, { hashes: Array(100).fill('AAAA') });
      });
      attachAsReferrer(repository, image.descriptor, long);
    },
    says: /a proof that is longer than any/,
  },
  'more log entries than any': {
    given: async ({ repository, image }) => {
      const layer = await signBundle(sigstore, image.digest, VENDOR);
      const many = withBundle(layer, ({ verificationMaterial: material }) => {
        material.tlogEntries = Array(9).fill(material.tlogEntries[0]);
      });
      attachAsReferrer(repository, image.descriptor, many);
    },
    says: /9 log entries and 0 timestamps; at most 8/,
  },
  'a log entry that is no JSON': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, VENDOR);
      attachByTag(repository, image.descriptor, [
        withAnnotations(layer, { [Annotation.entry]: '{"Payload"' }),
      ]);
    },
    says: /cosign\/bundle is not JSON/,
  },
  'a log entry of a kind that cannot be verified': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, VENDOR);
      const rekord = withClassicEntry(layer, ({ Payload }) => {
        Payload.body = Buffer.from('{"kind":"rekord","apiVersion":"0.0.1"}').toString('base64');
      });
      attachByTag(repository, image.descriptor, [rekord]);
    },
    says: /log entry/,
  },
  'thousands of layers': {
    given: async ({ repository, image }) => {
      const layer = await signClassic(sigstore, image.digest, VENDOR);
      attachByTag(repository, image.descriptor, Array(MAX_CANDIDATES + 1).fill(layer));
    },
    says: /carries 1001 signatures and attestations; at most 1000 are examined/,
  },
});

/** What the registry does wrong is no verdict. */
function failing(
  title: string,
  code: RegistryErrorCode,
  options: MemoryRegistryOptions,
  given: (scene: ReturnType<typeof createScene>) => unknown = ({ repository, image }) =>
    signImage(sigstore, repository, image),
): void {
  test(title, async () => {
    const scene = createScene(sigstore, options);
    await given(scene);
    await assert.rejects(verify(scene), (error) => {
      assert.ok(error instanceof RegistryError, String(error));
      assert.equal(error.code, code);
      return true;
    });
  });
}

function refuse(code: RegistryErrorCode, when: (target: string) => boolean): MemoryRegistryOptions {
  return {
    before: ({ target }) => {
      if (when(target)) throw new RegistryError(code, `${target} was refused`);
    },
  };
}

failing('a registry that serves other bytes for a signature', 'DIGEST_MISMATCH', {
  tamper: (_, bytes) => Buffer.concat([bytes, Buffer.from(' ')]),
});
failing(
  'a registry that has lost a signature it lists',
  'REGISTRY_NOT_FOUND',
  {},
  async (scene) => {
    const artifact = await signImage(sigstore, scene.repository, scene.image);
    for (const digest of artifact.blobs.keys()) scene.repository.blobs.delete(digest);
  },
);
failing(
  'a registry that refuses us',
  'REGISTRY_UNAUTHORIZED',
  refuse('REGISTRY_UNAUTHORIZED', () => true),
);
failing(
  'a registry that does not answer',
  'REGISTRY_UNAVAILABLE',
  refuse('REGISTRY_UNAVAILABLE', (target) => target.endsWith('.sig')),
);
failing('more attachments than any', 'REGISTRY_REFUSED', {}, ({ repository, image }) => {
  for (let i = 0; i <= MAX_ATTACHMENTS; i += 1) {
    attachAsReferrer(repository, image.descriptor, {
      mediaType: 'application/spdx+json',
      bytes: Buffer.from(String(i)),
    });
  }
});

test('a classic tag that is refused is one that is missing, where the image can be read', async () => {
  const scene = createScene(
    sigstore,
    refuse('REGISTRY_UNAUTHORIZED', (target) => /\.(?:sig|att|sbom)$/.test(target)),
  );
  await signImage(sigstore, scene.repository, scene.image);
  assert.equal((await verify(scene)).format, 'bundle');
});

test('a signature that cannot be read does not hide one that can', async () => {
  const scene = createScene(sigstore);
  const { repository, image } = scene;
  const [lost] = [classicArtifact([await signClassic(sigstore, image.digest, VENDOR)])];
  push(repository, lost, tagOf(image.digest, '.sig'));
  for (const digest of lost.blobs.keys()) repository.blobs.delete(digest);
  await signImage(sigstore, repository, image);
  assert.equal((await verify(scene)).format, 'bundle');
});
