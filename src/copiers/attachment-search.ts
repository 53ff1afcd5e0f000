import type { Logger } from '../log.ts';
import type { Manifest } from '../registry/manifest.ts';
import { atDigest, formatReference, type Digest } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Attachment, discoverAttachments } from '../signatures/discover.ts';
import type { CopySession } from './copy-session.ts';

/** What is attached to one manifest; never empty. */
export interface Attached {
  readonly subject: Digest;
  readonly attachments: readonly Attachment[];
}

/** An SBOM, its signature, and one more. */
const MAX_DEPTH = 3;

/** Carries its own proof, so nobody signs it again. */
const SELF_PROVING =
  /^application\/vnd\.(?:dev\.sigstore\.bundle|dev\.cosign\.simplesigning|dsse\.envelope)/;

/**
 * Finds what is attached to these manifests of the source, and to what was found: an SBOM may be
 * signed itself.
 */
export async function findAttachments(
  source: RegistryReader,
  subjects: readonly Digest[],
  session: CopySession,
  { discover, logger }: { readonly discover: typeof discoverAttachments; readonly logger: Logger },
): Promise<readonly Attached[]> {
  // An index may be attached to its own child: without this the search would go in circles.
  const seen = new Set(subjects);
  const found: Attached[] = [];
  let round = [...seen];
  for (let depth = 0; round.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      logger.warn(`attachments nested deeper than ${MAX_DEPTH} are left behind`, {
        image: formatReference(session.source),
      });
      break;
    }
    session.stopped.throwIfAborted();
    const attached = await session.all(
      round.map(async (subject) => ({
        subject,
        attachments: await discover(source, atDigest(session.source, subject), session.options),
      })),
    );
    found.push(...attached.filter(({ attachments }) => attachments.length > 0));
    round = attached
      .flatMap(({ attachments }) => attachments.map(({ manifest }) => manifest))
      .filter((manifest) => !isSelfProving(manifest) && !seen.has(manifest.digest))
      .map(({ digest }) => digest);
    for (const digest of round) seen.add(digest);
  }
  return found;
}

function isSelfProving(manifest: Manifest): boolean {
  return (
    manifest.kind === 'image' &&
    manifest.layers.length > 0 &&
    manifest.layers.every(({ mediaType }) => SELF_PROVING.test(mediaType))
  );
}
