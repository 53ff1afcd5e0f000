import { ConfigError } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import { canonicalRegistry } from '../reference.ts';

/** The key of Docker Hub in docker's configuration and in its helpers. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** A credential without its origin. */
export type StoredCredential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'identity'; readonly identityToken: Secret }
  | { readonly kind: 'registry-token'; readonly registryToken: Secret };

/** What matters here of docker's `config.json`; keys are canonical registry hosts. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, StoredCredential>;
  /** Names of helpers without their prefix `docker-credential-`. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

// The user name that stands for an identity token in stores that know only pairs.
const IDENTITY_TOKEN_USER = '<token>';

/**
 * Parses docker's `config.json`, or an auth file of the same shape.
 *
 * @param name - what the text is called in an error
 * @throws ConfigError never quoting what it read: these are secrets
 */
export function parseDockerConfig(text: string, name: string): DockerConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the fault.
    throw new ConfigError(
      `${name} holds registry credentials but is not valid JSON; mend or remove it`,
    );
  }
  if (!isObject(value)) throw new ConfigError(`${name} is not a JSON object; mend or remove it`);
  const { auths, credHelpers, credsStore } = value;
  return {
    auths: parseAuths(auths, name),
    credHelpers: new Map(
      entries(credHelpers).flatMap(([key, helper]) =>
        typeof helper === 'string' && helper !== '' ? [[registryOfKey(key), helper] as const] : [],
      ),
    ),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

/** A user name and password, where the name may say that the password is an identity token. */
export function toStoredCredential(username: string, password: string): StoredCredential {
  return username === IDENTITY_TOKEN_USER
    ? { kind: 'identity', identityToken: new Secret(password) }
    : { kind: 'basic', username, password: new Secret(password) };
}

/** `https://index.docker.io/v1/` → `docker.io`, `http://host:5000/v2/` → `host:5000`. */
function registryOfKey(key: string): string {
  const [host = ''] = key.replace(/^https?:\/\//i, '').split('/');
  return canonicalRegistry(host);
}

function parseAuths(auths: unknown, name: string): ReadonlyMap<string, StoredCredential> {
  const found = new Map<string, StoredCredential>();
  for (const [key, entry] of entries(auths)) {
    const registry = registryOfKey(key);
    const credential = isObject(entry) ? parseEntry(entry, registry, name) : undefined;
    // An exact host beats a longer key such as a path below it.
    if (credential !== undefined && (key === registry || !found.has(registry))) {
      found.set(registry, credential);
    }
  }
  return found;
}

function parseEntry(
  entry: Readonly<Record<string, unknown>>,
  registry: string,
  name: string,
): StoredCredential | undefined {
  const text = (key: string): string => (typeof entry[key] === 'string' ? entry[key] : '');
  if (text('registrytoken') !== '') {
    // It goes into a header as it is.
    if (!/^[\x21-\x7e]+$/.test(text('registrytoken'))) {
      throw new ConfigError(
        `${name}: the entry for ${registry} has a "registrytoken" with spaces, line breaks or other characters that no token has; put it there again`,
      );
    }
    return { kind: 'registry-token', registryToken: new Secret(text('registrytoken')) };
  }
  if (text('identitytoken') !== '') {
    return { kind: 'identity', identityToken: new Secret(text('identitytoken')) };
  }
  if (text('auth') !== '') return parsePair(text('auth'), registry, name);
  if (text('username') !== '') return toStoredCredential(text('username'), text('password'));
  // docker leaves an empty entry where a credential store holds the secret.
  return undefined;
}

function parsePair(base64: string, registry: string, name: string): StoredCredential {
  const pair = Buffer.from(base64, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) {
    throw new ConfigError(
      `${name}: the entry for ${registry} has an "auth" that is not base64 of user:password; log in again`,
    );
  }
  // Some writers pad the pair with NUL bytes.
  return toStoredCredential(pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, ''));
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
