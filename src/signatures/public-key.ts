import { createPublicKey, type KeyObject } from 'node:crypto';
import { errorMessage } from '../errors.ts';
import { digestOf } from '../registry/manifest.ts';
import { parsePem } from './pem.ts';
import type { PublicKeyPolicy } from './policy.ts';

/** A configured public key, ready for use. */
export interface TrustedKey {
  readonly name: string;
  readonly key: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly fingerprint: string;
  readonly requireLog: boolean;
}

const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;

/**
 * Understands a configured public key.
 *
 * @throws Error saying what is wrong with it, fit to stand behind the name of the setting
 */
export function readPublicKey(policy: PublicKeyPolicy): TrustedKey {
  const { label } = parsePem(policy.pem, 'the key');
  // Node would derive a public key from these as well; an operator who configures one erred.
  if (label.includes('PRIVATE')) {
    throw new Error(
      'it is a private key: configure its public half, and keep this one to the signer',
    );
  }
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') {
    throw new Error(`it is a ${label}; a PUBLIC KEY is expected, as "cosign public-key" writes it`);
  }
  const key = parseKey(policy.pem);
  assertStrong(key);
  const spki = key.export({ format: 'der', type: 'spki' });
  const { name, requireLog } = policy;
  return { name, key, spki, fingerprint: digestOf(spki), requireLog };
}

function parseKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new Error(`it cannot be read (${errorMessage(error)})`, { cause: error });
  }
}

function assertStrong(key: KeyObject): void {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return;
  if (type === 'ec' && CURVES.has(namedCurve)) return;
  if (type === 'rsa' && modulusLength >= MIN_RSA_BITS) return;
  const what = [type?.toUpperCase(), namedCurve, modulusLength || '']
    .filter((part) => part !== '')
    .join(' ');
  throw new Error(
    `it is a key of type ${what}; EC (P-256, P-384, P-521), RSA (${MIN_RSA_BITS} bits and more) and Ed25519 keys are accepted`,
  );
}
