import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../src/registry/reference.ts';
import type { SignatureLayer } from './corpora.ts';

/** Signs as Cosign does with a key, with one that is kept in a folder and made when there is none. */
export async function signer(folder: string): Promise<{
  readonly sign: (digest: Digest) => SignatureLayer;
  /** A PEM file. */
  readonly publicKey: string;
}> {
  await mkdir(folder, { recursive: true });
  const [privateFile, publicKey] = [join(folder, 'cosign.key'), join(folder, 'cosign.pub')];
  if (!existsSync(publicKey)) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(privateFile, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    await writeFile(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const key = createPrivateKey(await readFile(privateFile));
  createPublicKey(await readFile(publicKey)); // It is one, or the verifier would be to blame.
  return {
    publicKey,
    sign: (digest) => {
      const critical = {
        identity: { 'docker-reference': 'registry.example/signed' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      };
      const bytes = Buffer.from(JSON.stringify({ critical, optional: null }));
      const signature = signBytes('sha256', bytes, key).toString('base64');
      return {
        mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
        annotations: { 'dev.cosignproject.cosign/signature': signature },
        bytes,
      };
    },
  };
}
