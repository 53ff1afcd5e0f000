import { silentLogger, type Logger } from '../log.ts';
import { atDigest } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { discoverAttachments } from '../signatures/discover.ts';
import { findAttachments } from './attachment-search.ts';
import { AttachmentWriter } from './attachment-writer.ts';
import { BlobTransfers } from './blob-transfers.ts';
import { CopySession } from './copy-session.ts';
import type { CopyResult, ImageCopier } from './image-copier.ts';
import { digestsOf, readManifest, readTree } from './manifest-tree.ts';
import { readBack } from './read-back.ts';
import { TreeWriter } from './tree-writer.ts';

export interface RegistryCopierOptions {
  readonly source: Registry;
  readonly target: Registry;
  /** Whether signatures, attestations and SBOMs go along. */
  readonly signatures: boolean;
  /** Most blobs on their way at once, over all images; 16 by default. */
  readonly blobConcurrency?: number;
  readonly logger?: Logger;
  /** Finds what is attached; a run may share what its verifier found. */
  readonly discover?: typeof discoverAttachments;
  /** Milliseconds before each further look at a tag that does not show what was written. */
  readonly lookAgainAfter?: readonly number[];
}

/** At 30 ms latency 4 are too few and more than 16 gain nothing. */
const DEFAULT_BLOB_CONCURRENCY = 16;

/**
 * Copies images by the registries' own API: blobs, child manifests, the image by its digest, what is
 * attached to it, and its tag last. One copier serves a whole run and moves each blob once.
 */
export function createRegistryCopier(options: RegistryCopierOptions): ImageCopier {
  const { source, target, logger = silentLogger, discover = discoverAttachments } = options;
  const concurrency = options.blobConcurrency ?? DEFAULT_BLOB_CONCURRENCY;
  const blobs = new BlobTransfers(source, target, concurrency);
  const writer = new TreeWriter({ source, target, blobs, logger });
  const attachmentWriter = new AttachmentWriter({ source, target, writer, logger });

  return {
    async copy(from, to, copyOptions = {}): Promise<CopyResult> {
      const session = new CopySession(from, to, copyOptions);
      const byDigest = atDigest(to, from.digest);
      const [held, root] = await session.all([
        target.head(byDigest, session.options),
        readManifest(source, from.digest, session),
      ]);
      const isNew = held === undefined;
      const tree = await readTree(source, root, session);

      const [attached] = await session.all([
        options.signatures
          ? findAttachments(source, digestsOf(tree), session, { discover, logger })
          : Promise.resolve([]),
        isNew ? writer.writeContents(tree, session) : Promise.resolve(),
      ]);

      // Without attachments the tag's own PUT is enough.
      if (isNew && attached.length > 0) await writer.writeManifest(tree, byDigest, session);
      await session.all(attached.map((one) => attachmentWriter.write(one, session, isNew)));

      const isTagged = !isNew && (await target.head(to, session.options))?.digest === from.digest;
      if (!isTagged) {
        await writer.writeManifest(tree, to, session);
        const { lookAgainAfter } = options;
        await readBack(target, to, from.digest, { ...session.options, lookAgainAfter });
      }
      return {
        digest: from.digest,
        ...session.tally.result(),
        attachments: attached.flatMap(({ attachments }) => attachments).length,
      };
    },
  };
}
