import { SignatureError } from '../../src/errors.ts';
import type { Options } from '../../src/options.ts';
import {
  formatReference,
  type Digest,
  type DigestReference,
} from '../../src/registry/reference.ts';
import type { SignatureVerifier, Verification } from '../../src/signatures/signature-verifier.ts';

/** Accepts the digests it is told to. Every other image is not signed. */
export class FakeSignatureVerifier implements SignatureVerifier {
  /** What was asked, in that order. */
  readonly asked: DigestReference[] = [];
  /** Runs before every verdict: what it throws fails the call, what it awaits delays it. */
  before: (image: DigestReference) => void | Promise<void> = () => undefined;
  readonly #verdicts = new Map<Digest, Verification | Error>();

  accept(digest: Digest, verification: Partial<Verification> = {}): this {
    this.#verdicts.set(digest, {
      digest,
      format: 'bundle',
      foundAt: { place: 'referrers', reference: `sha256:${'f'.repeat(64)}` },
      signer: { kind: 'key', name: 'fake.pub' },
      signedAt: '2026-01-01T00:00:00.000Z',
      logIndex: '1',
      ...verification,
    });
    return this;
  }

  /** @param error - a verdict, or whatever keeps the verifier from one */
  refuse(digest: Digest, error: Error): this {
    this.#verdicts.set(digest, error);
    return this;
  }

  async verify(image: DigestReference, { signal }: Options = {}): Promise<Verification> {
    signal?.throwIfAborted();
    this.asked.push(image);
    await this.before(image);
    signal?.throwIfAborted();
    const verdict = this.#verdicts.get(image.digest);
    if (verdict instanceof Error) throw verdict;
    if (verdict !== undefined) return verdict;
    throw new SignatureError('SIGNATURE_MISSING', `${formatReference(image)} is not signed.`);
  }
}
