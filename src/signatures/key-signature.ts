import { verify, type KeyObject } from 'node:crypto';

/**
 * Whether a key made a signature over some bytes, by the algorithms Cosign uses with that kind of
 * key. @sigstore/verify knows SHA-256 only, which Ed25519 refuses and larger curves outgrow.
 */
export function isSignedByKey(key: KeyObject, data: Buffer, signature: Buffer): boolean {
  return algorithmsOf(key).some((algorithm) => {
    try {
      return verify(algorithm, data, key, signature);
    } catch {
      // OpenSSL throws on a signature that is not even of the key's form: it is none of this key.
      return false;
    }
  });
}

function algorithmsOf(key: KeyObject): readonly (string | null)[] {
  if (key.asymmetricKeyType === 'ed25519') return [null];
  // Cosign 2 always takes SHA-256, Cosign 3 the curve's own hash.
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'secp384r1') return ['sha256', 'sha384'];
  if (namedCurve === 'secp521r1') return ['sha256', 'sha512'];
  return ['sha256'];
}
