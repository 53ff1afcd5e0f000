import { join } from 'node:path';
import { execa } from 'execa';
import { binary } from './binaries.ts';

/** A key pair of the real Cosign, without a transparency log. */
export interface CosignKeys {
  /** PEM file of the public key. */
  readonly publicKey: string;
  readonly privateKey: string;
}

const environment = { COSIGN_PASSWORD: 'test', COSIGN_EXPERIMENTAL: '0' };

/** Makes a key pair in `folder`. */
export async function makeCosignKeys(folder: string): Promise<CosignKeys> {
  const prefix = join(folder, 'cosign');
  await execa(binary('cosign'), ['generate-key-pair', '--output-key-prefix', prefix], {
    env: environment,
  });
  return { publicKey: `${prefix}.pub`, privateKey: `${prefix}.key` };
}

/**
 * Signs as Cosign 2 does: a payload under the tag `sha256-….sig`. An index is signed together with
 * its children.
 *
 * @param image - `host/repository@sha256:…`
 */
export async function signClassic(image: string, keys: CosignKeys): Promise<void> {
  const options = ['--key', keys.privateKey, '--tlog-upload=false', '--recursive', '--yes'];
  await execa(binary('cosign2'), ['sign', ...options, image], { env: environment });
}

/**
 * Signs as Cosign 3 does: a Sigstore bundle that refers to the image.
 *
 * @param image - `host/repository@sha256:…`
 */
export async function signBundle(image: string, keys: CosignKeys): Promise<void> {
  const options = ['--key', keys.privateKey, '--tlog-upload=false', '--use-signing-config=false'];
  await execa(binary('cosign'), ['sign', ...options, '--yes', image], { env: environment });
}

/**
 * Lets Cosign 3 verify an image in either form; rejects if it does not.
 *
 * @param image - `host/repository@sha256:…`
 * @param dockerConfig - folder of the docker configuration with the registry's credentials
 */
export async function cosignVerify(
  image: string,
  keys: Pick<CosignKeys, 'publicKey'>,
  dockerConfig: string,
): Promise<void> {
  const options = ['--key', keys.publicKey, '--insecure-ignore-tlog'];
  await execa(binary('cosign'), ['verify', ...options, image], {
    env: { ...environment, DOCKER_CONFIG: dockerConfig },
  });
}
