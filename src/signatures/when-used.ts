import type { SignatureVerifier } from './signature-verifier.ts';

/**
 * A verifier that is made when the first image is to be verified: most runs find nothing to do, and
 * what verifies takes longer to load than they take for the rest.
 */
export function whenUsed(make: () => Promise<SignatureVerifier>): SignatureVerifier {
  let made: Promise<SignatureVerifier> | undefined;
  return {
    async verify(image, options) {
      made ??= make();
      return (await made).verify(image, options);
    },
  };
}
