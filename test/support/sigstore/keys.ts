import type { PublicKeyPolicy } from '../../../src/signatures/policy.ts';
import type { KeyPair } from './private-sigstore.ts';

/** The policy that accepts this key. */
export function trustedKey(
  name: string,
  { publicKey }: Pick<KeyPair, 'publicKey'>,
  requireLog: boolean = true,
): PublicKeyPolicy {
  return { name, pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(), requireLog };
}
