/**
 * Whatever stands in a registry, a verifier answers with a verdict, and accepts nothing but what
 * was signed. `FUZZ_RUNS=10000` looks longer.
 */
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError, SignatureError } from '../../../src/errors.ts';
import { MediaType } from '../../../src/registry/manifest.ts';
import type {
  SignatureVerifier,
  Verification,
} from '../../../src/signatures/signature-verifier.ts';
import { buildImage, tagOf } from '../../support/images.ts';
import { attachAsReferrer, attachByTag, classicArtifact } from '../../support/sigstore/attach.ts';
import { VENDOR } from '../../support/sigstore/identities.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { createPrivateSigstore, newKey } from '../../support/sigstore/private-sigstore.ts';
import { referenceTo, verifierOf, type Scene } from '../../support/sigstore/scene.ts';
import { signBundle, signClassic, type SignatureLayer } from '../../support/sigstore/sign.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { Annotation } from '../../support/sigstore/tamper.ts';

const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 120) };
const sigstore = await createPrivateSigstore();
const key = newKey();
const image = buildImage({ seed: 'fuzz', layers: [] });
const signatures: Readonly<Record<string, SignatureLayer>> = {
  'a classic signature': await signClassic(sigstore, image.digest, VENDOR),
  'a classic signature by a key': await signClassic(sigstore, image.digest, { key }),
  'a bundle': await signBundle(sigstore, image.digest, VENDOR),
  'a bundle with an entry of Rekor 2': await signBundle(sigstore, image.digest, VENDOR, {
    log: 'v2',
  }),
};

type Outcome = Verification | 'refused';

/** Verifies the image with this attached. Whatever is no verdict fails the test. */
async function outcomeOf(attach: (scene: Scene) => void): Promise<Outcome> {
  const registry = new MemoryRegistry();
  const repository = registry.repository('registry.example/app');
  const scene = { sigstore, registry, repository, image };
  attach(scene);
  const keys = [trustedKey('release.pub', key)];
  const verifier: SignatureVerifier = verifierOf(scene, { policy: { keys } });
  try {
    return await verifier.verify(referenceTo(image));
  } catch (error) {
    if (error instanceof SignatureError) assert.match(error.message, /^registry\.example\/app@/);
    else
      assert.ok(error instanceof RegistryError, error instanceof Error ? error.stack : 'no error');
    return 'refused';
  }
}

function attached(layer: SignatureLayer): (scene: Scene) => void {
  return ({ repository }) => {
    if (layer.annotations === undefined) attachAsReferrer(repository, image.descriptor, layer);
    else attachByTag(repository, image.descriptor, [layer]);
  };
}

/** Accepted, then by the evidence of the original: the change touched nothing that counts. */
function assertSame(outcome: Outcome, original: Outcome): void {
  if (outcome === 'refused') return;
  assert.ok(original !== 'refused');
  // A changed manifest has another digest, and so the place where it was found another name.
  assert.deepEqual({ ...outcome, foundAt: original.foundAt }, original);
}

/** Changes some bytes: flips a bit, cuts a piece out, puts one in. */
const byteEdits = fc.array(
  fc.oneof(
    fc.record({ at: fc.nat(), bit: fc.nat(7) }),
    fc.record({ at: fc.nat(), cut: fc.nat(40) }),
    fc.record({ at: fc.nat(), put: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  ),
  { minLength: 1, maxLength: 3 },
);

function editBytes(
  bytes: Buffer,
  edits: typeof byteEdits extends fc.Arbitrary<infer T> ? T : never,
): Buffer {
  return edits.reduce((current, edit) => {
    if (current.length === 0) return current;
    const at = edit.at % current.length;
    const [head, tail] = [current.subarray(0, at), current.subarray(at)];
    if ('put' in edit) return Buffer.concat([head, edit.put, tail]);
    if ('cut' in edit) return Buffer.concat([head, tail.subarray(edit.cut)]);
    const copy = Buffer.from(current);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << edit.bit), at);
    return copy;
  }, bytes);
}

/** Replaces one value somewhere in a document. */
const jsonEdit = fc.record({
  at: fc.nat(),
  by: fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    fc.constantFrom('', '0', '-1', 'NaN', '99999999999999999999', 'MAA=', '__proto__', '\u0000'),
    fc.string().map((text) => text.repeat(1000)),
  ),
});

function editJson(
  text: string,
  { at, by }: { readonly at: number; readonly by?: unknown },
): string {
  const total = { nodes: 0 };
  JSON.parse(text, (_, value: unknown) => {
    total.nodes += 1;
    return value;
  });
  let seen = 0;
  const edited: unknown = JSON.parse(text, (_, value: unknown) => {
    seen += 1;
    return seen === (at % total.nodes) + 1 ? by : value;
  });
  return JSON.stringify(edited) ?? '';
}

for (const [name, layer] of Object.entries(signatures)) {
  describe(name, async () => {
    const original = await outcomeOf(attached(layer));

    test('is accepted as it is', () => assert.notEqual(original, 'refused'));

    test('with changed bytes', () =>
      fc.assert(
        fc.asyncProperty(byteEdits, async (edits) => {
          const bytes = editBytes(layer.bytes, edits);
          assertSame(await outcomeOf(attached({ ...layer, bytes })), original);
        }),
        RUNS,
      ));

    test('with changed values', () =>
      fc.assert(
        fc.asyncProperty(jsonEdit, async (edit) => {
          const bytes = Buffer.from(editJson(layer.bytes.toString('utf8'), edit));
          assertSame(await outcomeOf(attached({ ...layer, bytes })), original);
        }),
        RUNS,
      ));

    if (layer.annotations === undefined) return;
    const annotations = layer.annotations;

    test('with changed annotations', () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...Object.keys(annotations)),
          byteEdits,
          async (name, edits) => {
            const text = editBytes(Buffer.from(annotations[name] ?? ''), edits).toString('latin1');
            const changed = { ...layer, annotations: { ...annotations, [name]: text } };
            assertSame(await outcomeOf(attached(changed)), original);
          },
        ),
        RUNS,
      ));

    test('with a changed log entry', () =>
      fc.assert(
        fc.asyncProperty(jsonEdit, async (edit) => {
          const entry = editJson(annotations[Annotation.entry] ?? '', edit);
          const changed = { ...layer, annotations: { ...annotations, [Annotation.entry]: entry } };
          assertSame(await outcomeOf(attached(changed)), original);
        }),
        RUNS,
      ));
  });
}

describe('whatever stands in a registry', () => {
  test('any JSON as a bundle', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.object().map((object) => JSON.stringify(object)),
        ),
        async (text) => {
          const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
          const outcome = await outcomeOf(attached({ mediaType, bytes: Buffer.from(text) }));
          assert.equal(outcome, 'refused');
        },
      ),
      RUNS,
    ));

  test('any annotations of any payload', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom(...Object.values(Annotation)),
          fc.oneof(fc.string(), fc.json(), fc.base64String()),
        ),
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (annotations, payload) => {
          const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
          const outcome = await outcomeOf(
            attached({ mediaType, bytes: Buffer.from(payload), annotations }),
          );
          assert.equal(outcome, 'refused');
        },
      ),
      RUNS,
    ));

  test('a changed manifest of a signature', async () => {
    const layer = signatures['a classic signature'];
    assert.ok(layer !== undefined);
    const original = await outcomeOf(attached(layer));
    const manifest = classicArtifact([layer]).manifests.at(-1);
    const text = Buffer.from(manifest?.bytes ?? '').toString('utf8');
    const place =
      (bytes: Buffer) =>
      (scene: Scene): void => {
        attached(layer)(scene);
        scene.repository.putManifest(
          { mediaType: MediaType.ociManifest, bytes },
          tagOf(image.digest, '.sig'),
        );
      };
    await fc.assert(
      fc.asyncProperty(byteEdits, async (edits) => {
        assertSame(await outcomeOf(place(editBytes(Buffer.from(text), edits))), original);
      }),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(jsonEdit, async (edit) => {
        assertSame(await outcomeOf(place(Buffer.from(editJson(text, edit)))), original);
      }),
      RUNS,
    );
  });
});
