import pLimit from 'p-limit';
import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import { isManifestMediaType, type Descriptor, type Manifest } from '../registry/manifest.ts';
import {
  atDigest,
  atTag,
  formatReference,
  type Digest,
  type DigestReference,
} from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { SignaturePlace } from './signature-verifier.ts';

/** One manifest attached to another: a signature, an attestation, an SBOM. */
export interface Attachment {
  readonly place: SignaturePlace;
  /** The classic tag that names it. Absent where it was found by its `subject`. */
  readonly tag?: string;
  readonly manifest: Manifest;
}

/** More than this is no image's signatures, and each one costs a request. */
export const MAX_ATTACHMENTS = 1000;

/** Manifests read at once for one subject: what others attach must not fill memory and connections. */
export const MAX_READ_AT_ONCE = 16;

const CLASSIC_SUFFIXES = ['.sig', '.att', '.sbom'] as const;

/**
 * Finds everything attached to a manifest: by the referrers API, by its fallback tag, and by the
 * classic tags of Cosign. Nothing is filtered by `artifactType` or annotations of the list, for
 * writers fill them in differently; what a manifest is, its layers tell.
 *
 * @returns each manifest once (twice only if two classic tags name it); empty if there is none
 * @throws RegistryError
 */
export async function discoverAttachments(
  registry: RegistryReader,
  subject: DigestReference,
  options: Options = {},
): Promise<readonly Attachment[]> {
  const [referrers, ...classic] = await Promise.all([
    findReferrers(registry, subject, options),
    ...CLASSIC_SUFFIXES.map((suffix) => findClassic(registry, subject, suffix, options)),
  ]);
  const tagged = classic.filter((attachment) => attachment !== undefined);
  const taggedDigests = new Set(tagged.map(({ manifest }) => manifest.digest));
  return [...referrers.filter(({ manifest }) => !taggedDigests.has(manifest.digest)), ...tagged];
}

/** The tag under which registries without the referrers API keep the list of referrers. */
export function fallbackTag(subject: DigestReference): string {
  return subject.digest.replace(':', '-');
}

async function findReferrers(
  registry: RegistryReader,
  subject: DigestReference,
  options: Options,
): Promise<readonly Attachment[]> {
  // Both, though the API lists something: what was pushed before the registry had it, or by a client
  // that did not ask for it, is known to the tag alone.
  const [listed = [], index] = await Promise.all([
    registry.referrers(subject, options),
    getOptionalTag(registry, subject, fallbackTag(subject), options),
  ]);
  // GitLab resolves this tag to the image itself, and `cosign copy` puts the image there.
  const isList = index?.kind === 'index' && index.digest !== subject.digest;
  const byApi = new Set(manifestsIn(listed));
  const byTag = isList ? manifestsIn(index.manifests) : [];
  const places = new Map<Digest, SignaturePlace>([
    ...[...byApi].map((digest) => [digest, 'referrers'] as const),
    ...byTag
      .filter((digest) => !byApi.has(digest))
      .map((digest) => [digest, 'fallback-tag'] as const),
  ]);
  return readMembers(registry, subject, places, options);
}

function manifestsIn(descriptors: readonly Descriptor[]): readonly Digest[] {
  return descriptors
    .filter(({ mediaType }) => isManifestMediaType(mediaType))
    .map(({ digest }) => digest);
}

async function readMembers(
  registry: RegistryReader,
  subject: DigestReference,
  places: ReadonlyMap<Digest, SignaturePlace>,
  options: Options,
): Promise<readonly Attachment[]> {
  if (places.size > MAX_ATTACHMENTS) {
    throw new RegistryError(
      'REGISTRY_REFUSED',
      `${formatReference(subject)} has ${places.size} manifests attached; at most ${MAX_ATTACHMENTS} are read. Ask its publisher to remove what is not needed.`,
    );
  }
  const atOnce = pLimit(MAX_READ_AT_ONCE);
  const read = [...places].map(async ([digest, place]) => {
    const manifest = await atOnce(() => registry.getManifest(atDigest(subject, digest), options));
    // A list may still name what was deleted since.
    return manifest?.subject?.digest === subject.digest ? [{ place, manifest }] : [];
  });
  try {
    return (await Promise.all(read)).flat();
  } finally {
    atOnce.clearQueue();
  }
}

async function findClassic(
  registry: RegistryReader,
  subject: DigestReference,
  suffix: (typeof CLASSIC_SUFFIXES)[number],
  options: Options,
): Promise<Attachment | undefined> {
  const tag = `${fallbackTag(subject)}${suffix}`;
  const manifest = await getOptionalTag(registry, subject, tag, options);
  return manifest === undefined ? undefined : { place: 'classic-tag', tag, manifest };
}

/**
 * Registries that hide what does not exist answer 401 or 403 for a missing tag. Only if the
 * subject can be read is that a "no": otherwise the credentials are at fault.
 */
async function getOptionalTag(
  registry: RegistryReader,
  subject: DigestReference,
  tag: string,
  options: Options,
): Promise<Manifest | undefined> {
  try {
    return await registry.getManifest(atTag(subject, tag), options);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'REGISTRY_UNAUTHORIZED') throw error;
    if ((await registry.getManifest(subject, options)) === undefined) throw error;
    return undefined;
  }
}
