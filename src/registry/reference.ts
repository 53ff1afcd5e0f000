import { ConfigError } from '../errors.ts';

/** An immutable content address, `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/** A repository of one registry. Docker Hub is always `docker.io`, however it was spelled. */
export interface Repository {
  /** Host, with a port where one was given: `docker.io`, `registry.corp:5000`. */
  readonly registry: string;
  /** Path within the registry: `atlanhq/atlan-teradata-app`. */
  readonly repository: string;
}

/** A mutable name. Resolve it once, then work with the digest. */
export interface TagReference extends Repository {
  readonly kind: 'tag';
  readonly tag: string;
}

/** An immutable name: what is verified and copied. */
export interface DigestReference extends Repository {
  readonly kind: 'digest';
  readonly digest: Digest;
  /** The tag written beside the digest, or the tag that was resolved. For people only. */
  readonly tag?: string;
}

export type Reference = TagReference | DigestReference;

/** A reference whose tag and digest may both be absent: a key of the image map. */
export interface ReferenceParts extends Repository {
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

// The grammar of github.com/distribution/reference, which docker, skopeo and cosign share.
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_NAME_LENGTH = 255;
const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_ALIASES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** Whether `text` is a digest this product works with. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Whether `text` can stand as a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Parses `[registry/]path[:tag][@digest]`.
 *
 * @param defaultRegistry - registry of a reference that names none; Docker Hub as everywhere else
 * @throws ConfigError naming the text and the part that is wrong
 */
export function parseReferenceParts(
  text: string,
  defaultRegistry: string = DOCKER_HUB,
): ReferenceParts {
  const refuse = (why: string): never => {
    throw new ConfigError(`${quote(text)} is not an image reference: ${why}`);
  };
  const [beforeDigest = '', digest, ...more] = text.split('@');
  if (more.length > 0) refuse('it holds more than one "@"');
  if (digest !== undefined && !isDigest(digest)) {
    refuse('after "@" a digest is expected, sha256: and 64 lower-case hex digits');
  }
  const slash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', slash + 1);
  const name = colon === -1 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon === -1 ? undefined : beforeDigest.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) {
    refuse('a tag is up to 128 letters, digits, "_", "." and "-", not starting with "." or "-"');
  }
  const { registry, repository } = splitName(name, defaultRegistry);
  if (!DOMAIN.test(registry)) refuse(`${quote(registry)} is not a registry host`);
  if (!repository.split('/').every((component) => PATH_COMPONENT.test(component))) {
    refuse(
      'each part of a repository is lower-case letters and digits, with single ".", "_" or "-" between',
    );
  }
  if (registry.length + 1 + repository.length > MAX_NAME_LENGTH) {
    refuse(`it is longer than ${MAX_NAME_LENGTH} characters`);
  }
  return { registry, repository, tag, digest: digest as Digest | undefined };
}

/**
 * Parses a reference to one image. `:latest` is never assumed: an image nobody named is not
 * an image somebody wants in production.
 *
 * @throws ConfigError
 */
export function parseReference(text: string, defaultRegistry: string = DOCKER_HUB): Reference {
  const { registry, repository, tag, digest } = parseReferenceParts(text, defaultRegistry);
  if (digest !== undefined) {
    return { kind: 'digest', registry, repository, digest, ...(tag === undefined ? {} : { tag }) };
  }
  if (tag !== undefined) return { kind: 'tag', registry, repository, tag };
  throw new ConfigError(
    `${quote(text)} names a repository, not an image: add a tag (${text}:1.2.3) or a digest (${text}@sha256:…)`,
  );
}

/**
 * Parses a reference that a tag is written to.
 *
 * @throws ConfigError
 */
export function parseTagReference(
  text: string,
  defaultRegistry: string = DOCKER_HUB,
): TagReference {
  const reference = parseReference(text, defaultRegistry);
  if (reference.kind === 'tag') return reference;
  throw new ConfigError(`${quote(text)} names a digest where a tag is needed`);
}

/** The canonical text: registry always written, digest form without its tag. */
export function formatReference(reference: Reference): string {
  const name = formatRepository(reference);
  return reference.kind === 'digest' ? `${name}@${reference.digest}` : `${name}:${reference.tag}`;
}

/** `registry/repository`. */
export function formatRepository(repository: Repository): string {
  return `${repository.registry}/${repository.repository}`;
}

/** The same image by digest; a tag it had is kept for people. */
export function atDigest(
  reference: Repository & { readonly tag?: string },
  digest: Digest,
): DigestReference {
  const { registry, repository, tag } = reference;
  return { kind: 'digest', registry, repository, digest, ...(tag === undefined ? {} : { tag }) };
}

/** A tag in the same repository. */
export function atTag(repository: Repository, tag: string): TagReference {
  return { kind: 'tag', registry: repository.registry, repository: repository.repository, tag };
}

/** Whether two references are in the same repository of the same registry. */
export function isSameRepository(a: Repository, b: Repository): boolean {
  return a.registry === b.registry && a.repository === b.repository;
}

/** The one spelling of a registry host. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return DOCKER_HUB_ALIASES.has(lower) ? DOCKER_HUB : lower;
}

function splitName(name: string, defaultRegistry: string): Repository {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const registry = canonicalRegistry(isHost ? first : defaultRegistry);
  const path = isHost ? name.slice(slash + 1) : name;
  // Docker Hub's official images live under library/.
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  return { registry, repository };
}

function quote(text: string): string {
  // Shown to people and to logs: JSON escapes control characters, and a huge text is cut.
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
