import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import { isManifestMediaType, type Descriptor, type Manifest } from '../registry/manifest.ts';
import { atTag, formatReference, type DigestReference } from '../registry/reference.ts';
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
  const listed = await registry.referrers(subject, options);
  if (listed !== undefined && listed.length > 0) {
    return readMembers(registry, subject, listed, 'referrers', options);
  }
  const index = await getOptionalTag(registry, subject, fallbackTag(subject), options);
  // GitLab resolves this tag to the image itself, and `cosign copy` puts the image there.
  if (index?.kind !== 'index' || index.digest === subject.digest) return [];
  return readMembers(registry, subject, index.manifests, 'fallback-tag', options);
}

async function readMembers(
  registry: RegistryReader,
  subject: DigestReference,
  descriptors: readonly Descriptor[],
  place: SignaturePlace,
  options: Options,
): Promise<readonly Attachment[]> {
  const digests = new Set(
    descriptors
      .filter(({ mediaType }) => isManifestMediaType(mediaType))
      .map(({ digest }) => digest),
  );
  if (digests.size > MAX_ATTACHMENTS) {
    throw new RegistryError(
      'REGISTRY_REFUSED',
      `${formatReference(subject)} has ${digests.size} manifests attached; at most ${MAX_ATTACHMENTS} are read. Ask its publisher to remove what is not needed.`,
    );
  }
  const { registry: host, repository } = subject;
  const manifests = await Promise.all(
    [...digests].map((digest) =>
      registry.getManifest({ kind: 'digest', registry: host, repository, digest }, options),
    ),
  );
  return manifests
    .filter((manifest) => manifest !== undefined) // A list may still name what was deleted since.
    .filter((manifest) => manifest.subject?.digest === subject.digest)
    .map((manifest) => ({ place, manifest }));
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
