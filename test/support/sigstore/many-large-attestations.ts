/**
 * Verifies an image that carries many large attestations, and prints the verdict's code. Run with
 * little memory by a test: `node --max-old-space-size=… many-large-attestations.ts COUNT BYTES`.
 */
import { SignatureError } from '../../../src/errors.ts';
import { attachAsReferrer } from './attach.ts';
import { STRANGER } from './identities.ts';
import { createPrivateSigstore } from './private-sigstore.ts';
import { createScene, verify } from './scene.ts';
import { signBundle } from './sign.ts';

const [count, bytes] = process.argv.slice(2).map(Number);
const sigstore = await createPrivateSigstore();
const scene = createScene(sigstore);
const { repository, image } = scene;
const layer = await signBundle(sigstore, image.digest, STRANGER, {
  predicateType: 'https://spdx.dev/Document',
  predicate: { files: 'x'.repeat(bytes ?? 0) },
});
// One blob, which many manifests name.
const attached = attachAsReferrer(repository, image.descriptor, layer);
const stored = repository.find(attached.digest);
if (stored === undefined) throw new Error('the attestation was not stored');
for (let i = 1; i < (count ?? 0); i += 1) {
  const manifest: Record<string, unknown> = JSON.parse(Buffer.from(stored.bytes).toString('utf8'));
  const text = JSON.stringify({ ...manifest, annotations: { number: String(i) } });
  repository.putManifest({ mediaType: stored.mediaType, bytes: Buffer.from(text) });
}
const code = await verify(scene).then(
  () => 'accepted',
  (error: unknown) => (error instanceof SignatureError ? error.code : String(error)),
);
console.log(code);
