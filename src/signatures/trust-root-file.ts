import { readFile } from 'node:fs/promises';
import { errorMessage } from '../errors.ts';
import { parseTrustRoot } from './parse-trust-root.ts';
import { trustRootSource, unavailable, type TrustRootSource } from './trust-root.ts';

/**
 * A private Sigstore's root, or anybody's in an air gap: no network is ever used.
 *
 * @param path - a `trusted_root.json`
 */
export function fileTrustRoot(path: string): TrustRootSource {
  return trustRootSource(path, async () => parseTrustRoot(await read(path), path));
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unavailable(
      `the trust root ${path} cannot be read: ${errorMessage(error)}. Check verify.trustRoot.`,
      error,
    );
  }
}
