import type { Credential } from '../../registry/credentials.ts';

const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';

/**
 * The header by which the engine learns a registry's credential; none for an anonymous pull.
 *
 * In the URL-safe alphabet and with its padding: without padding Docker ignores the header and
 * pulls anonymously, Podman answers 400. (moby `api/types/registry/authconfig.go` decodes with
 * `base64.URLEncoding`.)
 */
export function registryAuthHeader(
  credential: Credential,
  registry: string,
): Readonly<Record<string, string>> {
  if (credential.kind === 'anonymous') return {};
  const serveraddress = registry === 'docker.io' ? DOCKER_HUB_SERVER : registry;
  const json = JSON.stringify({ ...secretsOf(credential), serveraddress });
  const padded = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { 'x-registry-auth': padded };
}

/** What the engine is sent of a credential, and may repeat when it refuses. */
export function sentToEngine(credential: Credential): readonly string[] {
  if (credential.kind === 'anonymous') return [];
  return Object.entries(secretsOf(credential)).flatMap(([name, value]) =>
    name === 'username' ? [] : value,
  );
}

function secretsOf(
  credential: Exclude<Credential, { readonly kind: 'anonymous' }>,
): Readonly<Record<string, string>> {
  if (credential.kind === 'identity') return { identitytoken: credential.identityToken.reveal() };
  if (credential.kind === 'registry-token') {
    return { registrytoken: credential.registryToken.reveal() };
  }
  return { username: credential.username, password: credential.password.reveal() };
}
