import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { NoIdentityError, type CloudSignIn } from './auth/cloud/sign-in.ts';
import { runCredentialHelper, type CredentialHelper } from './auth/credential-helper.ts';
import { helperEnvironment } from './auth/helper-environment.ts';
import { DOCKER_HUB_KEY, parseDockerConfig, type DockerConfig } from './auth/docker-config.ts';
import type { HostSettings, HostSettingsByHost } from './hosts.ts';
import type { Environment } from './http/agents.ts';
import type { Options } from '../options.ts';

/** Who one is at a registry, and who said so. */
export type Credential = {
  readonly origin: string;
  /** Until when it may be used, in milliseconds since 1970; for good where it does not say. */
  readonly expiresAt?: number;
  /** Whether it opens more than this registry, so that no other host may see it: a cloud's own. */
  readonly staysAtHome?: boolean;
} & (
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'identity'; readonly identityToken: Secret }
  | { readonly kind: 'registry-token'; readonly registryToken: Secret }
);

/** Everything credentials are looked up in. */
export interface CredentialSources {
  readonly env: Environment;
  readonly homeDirectory: string;
  /** `undefined` if there is no such file. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly runHelper: CredentialHelper;
}

/** The sources of this process. */
export function systemSources(env: Environment, hosts: HostSettingsByHost = {}): CredentialSources {
  const helperEnv = helperEnvironment(env, hosts);
  return {
    env,
    homeDirectory: homedir(),
    readText: readTextIfPresent,
    runHelper: async (helper, server, options) =>
      runCredentialHelper(helper, server, { ...options, env: helperEnv }),
  };
}

export interface FindCredentialOptions extends Options {
  /** Signs in as the workload this is, where the registry is a cloud's. */
  readonly signIn?: CloudSignIn | undefined;
}

/**
 * Finds the credential for a registry: the configuration, `DOCKER_AUTH_CONFIG`,
 * `REGISTRY_AUTH_FILE`, docker's own `config.json` with its helpers, the identity that a cloud gives
 * this workload, and otherwise none.
 *
 * What was put down somewhere on purpose comes before what is merely there.
 *
 * @throws ConfigError naming the file or helper that is broken; RegistryError where the cloud does
 *   not let its identity in
 */
export async function findCredential(
  registry: string,
  settings: HostSettings,
  sources: CredentialSources,
  options: FindCredentialOptions = {},
): Promise<Credential> {
  const configured = fromSettings(settings);
  if (configured !== undefined) return configured;
  for (const source of dockerConfigs(sources)) {
    const text = await source.read();
    if (text === undefined || text.trim() === '') continue;
    const config = parseDockerConfig(text, source.name);
    const found = await fromDockerConfig(registry, config, source.name, sources, options);
    if (found !== undefined) return found;
  }
  return options.signIn === undefined ? anonymous() : fromCloud(options.signIn, options);
}

/** Anybody, and why nobody in particular. */
export function anonymous(why: string = 'none were found'): Credential {
  return { kind: 'anonymous', origin: why };
}

/** Without an identity one is still anybody: some of these registries let anybody read. */
async function fromCloud(signIn: CloudSignIn, options: Options): Promise<Credential> {
  try {
    const { credential, expiresAt, by } = await signIn(options);
    return { ...credential, origin: by, expiresAt, staysAtHome: true };
  } catch (error) {
    if (!(error instanceof NoIdentityError)) throw error;
    return anonymous(`none were found, and ${error.message}`);
  }
}

function fromSettings(settings: HostSettings): Credential | undefined {
  const origin = 'registries: in the configuration';
  const { username, password, identityToken, registryToken } = settings;
  if (registryToken !== undefined) return { kind: 'registry-token', registryToken, origin };
  if (identityToken !== undefined) return { kind: 'identity', identityToken, origin };
  if (username !== undefined && password !== undefined) {
    return { kind: 'basic', username, password, origin };
  }
  return undefined;
}

interface DockerConfigSource {
  readonly name: string;
  read(): Promise<string | undefined>;
}

function dockerConfigs({
  env,
  homeDirectory,
  readText,
}: CredentialSources): readonly DockerConfigSource[] {
  const inline = env['DOCKER_AUTH_CONFIG'];
  const authFile = env['REGISTRY_AUTH_FILE'];
  const folder = env['DOCKER_CONFIG'] || join(homeDirectory, '.docker');
  const file = (path: string): DockerConfigSource => ({
    name: path,
    read: async () => readText(path),
  });
  return [
    ...(inline ? [{ name: 'DOCKER_AUTH_CONFIG', read: async () => inline }] : []),
    ...(authFile ? [file(authFile)] : []),
    file(join(folder, 'config.json')),
  ];
}

async function fromDockerConfig(
  registry: string,
  config: DockerConfig,
  origin: string,
  sources: CredentialSources,
  options: Options,
): Promise<Credential | undefined> {
  const helper = config.credHelpers.get(registry) ?? config.credsStore;
  if (helper !== undefined) {
    const server = registry === 'docker.io' ? DOCKER_HUB_KEY : registry;
    const found = await sources.runHelper(helper, server, options);
    if (found !== undefined) {
      return { ...found, origin: `docker-credential-${helper}, named in ${origin}` };
    }
  }
  const entry = config.auths.get(registry);
  return entry === undefined ? undefined : { ...entry, origin };
}

async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(
      `${path} holds registry credentials but cannot be read (${code ?? 'unknown error'})`,
      error,
    );
  }
}
