import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignatureError, type SignatureErrorCode } from '../../../src/errors.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import type {
  SignatureVerifier,
  Verification,
} from '../../../src/signatures/signature-verifier.ts';
import { createSignatureVerifier } from '../../../src/signatures/verifier.ts';
import { MemoryRegistry, type MemoryRegistryOptions } from '../../fakes/memory-registry.ts';
import { buildMultiArch, push, type TestImage } from '../images.ts';
import type { RepositoryStore } from '../registry/store.ts';
import { trustRootOf, type PrivateSigstore, type TrustedRootJson } from './private-sigstore.ts';

/** A registry with one image, not yet signed. */
export interface Scene {
  readonly sigstore: PrivateSigstore;
  readonly registry: MemoryRegistry;
  readonly repository: RepositoryStore;
  /** Two platforms with attestations of BuildKit's. */
  readonly image: TestImage;
}

export interface Judging {
  /** The vendor's identity by default. */
  readonly policy?: Partial<SignaturePolicy>;
  /** The private Sigstore's own by default. */
  readonly trustedRoot?: TrustedRootJson;
  /** Another image of the repository than the one that was built. */
  readonly asked?: TestImage;
}

/** A way for a signature to be refused. */
export interface Refusal extends Judging {
  readonly given: (scene: Scene) => unknown;
  readonly says: RegExp;
  readonly registry?: MemoryRegistryOptions;
}

export function createScene(sigstore: PrivateSigstore, options?: MemoryRegistryOptions): Scene {
  const registry = new MemoryRegistry(options);
  const repository = registry.repository('registry.example/app');
  const image = buildMultiArch('signed');
  push(repository, image, '1.0');
  return { sigstore, registry, repository, image };
}

export function referenceTo({ digest }: TestImage): DigestReference {
  return { kind: 'digest', registry: 'registry.example', repository: 'app', digest };
}

export function verifierOf(scene: Scene, judging: Judging = {}): SignatureVerifier {
  return createSignatureVerifier({
    registry: scene.registry,
    policyFor: () => ({ ...VENDOR_POLICY, ...judging.policy }),
    trustRoot: trustRootOf(judging.trustedRoot ?? scene.sigstore.trustedRoot),
  });
}

export function verify(scene: Scene, judging: Judging = {}): Promise<Verification> {
  return verifierOf(scene, judging).verify(referenceTo(judging.asked ?? scene.image));
}

/** Tests that each is refused, with that code, and that the message says why. */
export function refused(
  sigstore: PrivateSigstore,
  code: SignatureErrorCode,
  refusals: Readonly<Record<string, Refusal>>,
): void {
  for (const [title, refusal] of Object.entries(refusals)) {
    test(title, async () => {
      const scene = createScene(sigstore, refusal.registry);
      await refusal.given(scene);
      await assert.rejects(verify(scene, refusal), (error) => {
        assert.ok(error instanceof SignatureError, `expected a verdict, got ${String(error)}`);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, refusal.says);
        assert.match(error.message, /^registry\.example\/app@sha256:[0-9a-f]{64} .*\.$/s);
        return true;
      });
    });
  }
}
