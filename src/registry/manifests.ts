import { RegistryError, type Side } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Purpose } from './failures.ts';
import type { HostClient } from './host-client.ts';
import type { Answer } from './http/exchange.ts';
import {
  ACCEPT_MANIFESTS,
  digestOf,
  isManifestMediaType,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type Manifest,
} from './manifest.ts';
import type { ManifestCache } from './manifest-cache.ts';
import { formatManifest, manifestPath, pullScope } from './paths.ts';
import { atDigest, isDigest, type Digest, type Reference } from './reference.ts';
import type { ManifestHead } from './registry.ts';

/** How often what was written in this run may be missing before it is believed. */
const MAX_MISSES = 3;

/** Asks for a manifest's digest, with a HEAD where the registry can answer one. */
export async function headManifest(
  client: HostClient,
  side: Side,
  reference: Reference,
  cache: ManifestCache,
  options: Options,
): Promise<ManifestHead | undefined> {
  const purpose = { side, what: `ask for ${formatManifest(reference)}` };
  const answer = await ask(client, 'HEAD', reference, purpose, options);
  if (answer.status === 404) return undefined;
  const digest = digestHeader(answer);
  const mediaType = essence(answer.headers['content-type'] ?? '');
  if (answer.status === 200 && digest !== undefined && isManifestMediaType(mediaType)) {
    if (reference.kind === 'digest') assertDigest(reference.digest, digest, purpose);
    if (isEchoOfDigest(reference, digest)) return undefined;
    return { digest, mediaType, size: contentLength(answer) };
  }
  // Some registries answer a HEAD with 405, or without a digest: then only the bytes tell.
  if (answer.status !== 200 && answer.status !== 405) throw await client.refusal(answer, purpose);
  const manifest = await getManifest(client, side, reference, cache, options);
  if (manifest === undefined) return undefined;
  return {
    digest: manifest.digest,
    mediaType: manifest.mediaType,
    size: manifest.bytes.byteLength,
  };
}

/** Reads a manifest and checks it against its digest. */
export async function getManifest(
  client: HostClient,
  side: Side,
  reference: Reference,
  cache: ManifestCache,
  options: Options,
): Promise<Manifest | undefined> {
  const read = (): Promise<Manifest | undefined> =>
    readManifest(client, side, reference, cache, options);
  return reference.kind === 'digest' ? cache.getOrRead(reference, read, options.signal) : read();
}

async function readManifest(
  client: HostClient,
  side: Side,
  reference: Reference,
  cache: ManifestCache,
  options: Options,
): Promise<Manifest | undefined> {
  const purpose = { side, what: `read ${formatManifest(reference)}` };
  const answer = await ask(client, 'GET', reference, purpose, options);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw await client.refusal(answer, purpose);
  const digest = digestOf(answer.body);
  if (reference.kind === 'digest') assertDigest(reference.digest, digest, purpose);
  assertDigest(digestHeader(answer) ?? digest, digest, purpose);
  if (isEchoOfDigest(reference, digest)) return undefined;
  const manifest = parse(answer, purpose);
  cache.put(atDigest(reference, digest), manifest);
  return manifest;
}

/** The digest a registry names in its answer, if it is one we can check. */
export function digestHeader({ headers }: Answer): Digest | undefined {
  const value = headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

/**
 * GitLab resolves a tag `sha256-<hex>` that does not exist to the manifest of that digest. Such a
 * tag lists what is attached to the manifest, and can never be the manifest itself.
 */
function isEchoOfDigest(reference: Reference, digest: Digest): boolean {
  return reference.kind === 'tag' && reference.tag === digest.replace(':', '-');
}

async function ask(
  client: HostClient,
  method: 'GET' | 'HEAD',
  reference: Reference,
  purpose: Purpose,
  { signal }: Options,
): Promise<Answer> {
  const target = manifestPath(reference);
  for (let misses = 1; ; misses += 1) {
    const answer = await client.send({
      method,
      target,
      scopes: [pullScope(reference)],
      headers: { accept: ACCEPT_MANIFESTS },
      maxBytes: MAX_MANIFEST_BYTES,
      purpose,
      signal,
    });
    const isMissing = answer.status === 404 && client.written.has(target);
    if (!isMissing || misses > MAX_MISSES) return answer;
    // Behind a load balancer another node may not know yet what one has just taken (Artifactory).
    await client.backOff(misses, signal);
  }
}

function parse(answer: Answer, { side, what }: Purpose): Manifest {
  try {
    return parseManifest(answer.body, answer.headers['content-type'] ?? '');
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const message = `could not ${what}: ${error.message}`;
    throw new RegistryError(error.code, message, { side, status: answer.status, cause: error });
  }
}

function assertDigest(expected: Digest, actual: Digest, { side, what }: Purpose): void {
  if (expected === actual) return;
  throw new RegistryError(
    'DIGEST_MISMATCH',
    `could not ${what}: expected ${expected}, but what came is ${actual}. Something between here ` +
      'and the registry, or the registry itself, changes content; nothing was used',
    { side },
  );
}

function contentLength({ headers }: Answer): number | undefined {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

function essence(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim();
}
