import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError, SignatureError, type SignatureErrorCode } from '../../src/errors.ts';
import type { DigestReference } from '../../src/registry/reference.ts';
import type { SignatureVerifier } from '../../src/signatures/signature-verifier.ts';

/** A verifier, and an image for each verdict. */
export interface SignatureVerifierSubject {
  readonly verifier: SignatureVerifier;
  readonly accepted: DigestReference;
  readonly unsigned: DigestReference;
  readonly signedBySomeoneElse: DigestReference;
  readonly forged: DigestReference;
  /** In a registry that does not answer. */
  readonly unreachable: DigestReference;
}

/** What every verifier promises. */
export function signatureVerifierContract(
  name: string,
  create: () => Promise<SignatureVerifierSubject>,
): void {
  describe(`signature verifier: ${name}`, () => {
    test('accepts, with evidence that names the digest, the signer and the place', async () => {
      const { verifier, accepted } = await create();
      const { digest, signer, foundAt } = await verifier.verify(accepted);
      assert.equal(digest, accepted.digest);
      assert.notEqual(signer.kind === 'key' ? signer.name : signer.subject, '');
      assert.notEqual(foundAt.reference, '');
    });

    test('accepts the same digest under another tag', async () => {
      const { verifier, accepted } = await create();
      const first = await verifier.verify({ ...accepted, tag: '1.0' });
      assert.deepEqual(await verifier.verify({ ...accepted, tag: 'latest' }), first);
    });

    const verdicts: readonly (readonly [
      keyof Omit<SignatureVerifierSubject, 'verifier'>,
      SignatureErrorCode,
      boolean,
    ])[] = [
      ['unsigned', 'SIGNATURE_MISSING', true],
      ['signedBySomeoneElse', 'SIGNER_UNTRUSTED', false],
      ['forged', 'SIGNATURE_INVALID', false],
    ];
    for (const [image, code, retryable] of verdicts) {
      test(`refuses as ${code} what is ${image}, again and again`, async () => {
        const subject = await create();
        for (let i = 0; i < 2; i += 1) {
          await assert.rejects(subject.verifier.verify(subject[image]), (error) => {
            assert.ok(error instanceof SignatureError, String(error));
            assert.deepEqual([error.code, error.retryable], [code, retryable]);
            assert.ok(error.message.includes(subject[image].digest), error.message);
            return true;
          });
        }
      });
    }

    test('a registry that does not answer is no verdict', async () => {
      const { verifier, unreachable } = await create();
      await assert.rejects(verifier.verify(unreachable), RegistryError);
    });

    test('rejects with the reason of its signal, and works on for others', async () => {
      const { verifier, accepted } = await create();
      const reason = new Error('stop');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(verifier.verify(accepted, { signal }), (error) => error === reason);
      const verified = verifier.verify(accepted);
      await assert.rejects(verifier.verify(accepted, { signal }), (error) => error === reason);
      assert.equal((await verified).digest, accepted.digest);
    });
  });
}
