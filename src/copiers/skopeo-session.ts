import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { Credential } from '../registry/credentials.ts';
import type { HostSettings } from '../registry/hosts.ts';

/** One registry as skopeo is to talk to it. */
export interface SkopeoHost {
  /** As references name it. */
  readonly registry: string;
  readonly credential: Credential;
  readonly settings: HostSettings;
}

/** The files of one skopeo process: what must not stand in its arguments, which anybody can read. */
export interface SkopeoSession extends AsyncDisposable {
  /** Options of `skopeo copy` that tell it where these files are. */
  readonly options: readonly string[];
}

/**
 * Writes credentials and certificates into a folder that only this user can enter, and that is
 * gone when the session is disposed of.
 *
 * @throws ConfigError for a credential that skopeo takes by its arguments alone, or a proxy for one host
 */
export async function openSkopeoSession(
  source: SkopeoHost,
  target: SkopeoHost,
): Promise<SkopeoSession> {
  for (const host of [source, target]) assertNoProxyOfItsOwn(host);
  const auths = { ...authsOf(source), ...authsOf(target) };
  const folder = await mkdtemp(join(tmpdir(), 'sdr-mirror-skopeo-'));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await chmod(folder, 0o700);
    const authFile = join(folder, 'auth.json');
    await writeSecretly(authFile, JSON.stringify({ auths }));
    return {
      options: [
        `--authfile=${authFile}`,
        ...(await tlsOptions('src', folder, source.settings)),
        ...(await tlsOptions('dest', folder, target.settings)),
      ],
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function assertNoProxyOfItsOwn({ registry, settings }: SkopeoHost): void {
  if (settings.proxy === undefined) return;
  throw new ConfigError(
    `registries: ${registry}: proxy is for copy.engine: registry only: skopeo takes its proxy from HTTPS_PROXY and NO_PROXY`,
  );
}

function authsOf({ registry, credential }: SkopeoHost): Readonly<Record<string, object>> {
  if (credential.kind === 'anonymous') return {};
  if (credential.kind === 'basic') {
    return { [registry]: { auth: encode(credential.username, credential.password.reveal()) } };
  }
  if (credential.kind === 'identity') {
    // The user name is the placeholder by which docker and skopeo know identity tokens.
    const identitytoken = credential.identityToken.reveal();
    return { [registry]: { auth: encode('<token>', ''), identitytoken } };
  }
  throw new ConfigError(
    `skopeo takes a registry token for ${registry} only as an argument, which everybody on the machine can read: ` +
      'use copy.engine: registry, or a user name and a password',
  );
}

/** What must not be repeated even if skopeo prints it. */
export function secretsOf({ credential }: SkopeoHost): readonly string[] {
  if (credential.kind === 'basic') {
    const password = credential.password.reveal();
    return [password, encode(credential.username, password)];
  }
  return credential.kind === 'identity' ? [credential.identityToken.reveal()] : [];
}

async function tlsOptions(
  end: 'src' | 'dest',
  folder: string,
  { plainHttp, ca, cert, key }: HostSettings,
): Promise<readonly string[]> {
  if (plainHttp === true) return [`--${end}-tls-verify=false`];
  if (ca === undefined && cert === undefined) return [];
  const certificates = join(folder, end);
  await mkdir(certificates, { mode: 0o700 });
  // The names that containers-certs.d(5) prescribes.
  if (ca !== undefined) await writeSecretly(join(certificates, 'ca.crt'), ca);
  if (cert !== undefined) await writeSecretly(join(certificates, 'client.cert'), cert);
  if (key !== undefined) await writeSecretly(join(certificates, 'client.key'), key.reveal());
  return [`--${end}-cert-dir=${certificates}`];
}

async function writeSecretly(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}

function encode(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
