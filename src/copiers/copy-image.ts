import { silentLogger, type Logger } from '../log.ts';
import type { Manifest, Platform } from '../registry/manifest.ts';
import { formatPlatform } from '../registry/platform.ts';
import { atDigest, atTag, type Digest } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { discoverAttachments } from '../signatures/discover.ts';
import { findAttachments, type Attached } from './attachment-search.ts';
import { AttachmentWriter } from './attachment-writer.ts';
import { CopySession } from './copy-session.ts';
import type { CopyResult, ImageCopier } from './image-copier.ts';
import { imagePlatforms } from './image-platforms.ts';
import { readManifest, readTree, type ManifestTree } from './manifest-tree.ts';
import { isSparse, omittedPlatforms, selectPlatforms } from './platforms.ts';
import { readBack } from './read-back.ts';
import { originalDigestsOf, rewriteIndexes } from './rewritten-index.ts';
import { isTagTaken } from './tag-guard.ts';
import type { TreeWriter } from './tree-writer.ts';

/** What every copier is given. */
export interface CopierOptions {
  readonly source: Registry;
  readonly target: Registry;
  /** Whether signatures, attestations and SBOMs go along. */
  readonly signatures: boolean;
  readonly logger?: Logger;
  /** Finds what is attached; a run may share what its verifier found. */
  readonly discover?: typeof discoverAttachments;
  /** The only platforms to copy of each image; all by default. */
  readonly platforms?: readonly Platform[];
  /** Whether an index is changed to list only these platforms; it keeps its bytes by default. */
  readonly rewriteIndex?: boolean;
  /** Milliseconds before each further look at a tag that does not show what was written. */
  readonly lookAgainAfter?: readonly number[];
  /** Milliseconds for which a look at a tag that is not to be overwritten is good. */
  readonly lookHoldsMs?: number;
}

/**
 * Brings an image to a target that lacks it.
 *
 * @returns how far: everything but the manifest itself, or that too, by its digest. Never its tag
 */
export type BringImage = (
  tree: ManifestTree,
  session: CopySession,
) => Promise<'contents' | 'manifest'>;

/**
 * The order all copiers keep, whoever moves the bytes: the image's contents, the image by its digest,
 * what is attached to it, and its tag last, read back unless the caller does that.
 */
export function createCopier(
  options: CopierOptions,
  writer: TreeWriter,
  bring: BringImage,
): ImageCopier {
  const { source, target, logger = silentLogger, discover = discoverAttachments } = options;
  const { platforms } = options;
  if (platforms !== undefined) {
    logger.warn('images are copied in part: what is left out cannot be pulled from the target', {
      platforms: platforms.map(formatPlatform).join(', '),
    });
  }
  if (options.rewriteIndex === true) {
    logger.warn(
      'indexes are rewritten: signatures are checked at the source, but none applies to what the target gets, and nobody can verify it there',
    );
  }
  const attachmentWriter = new AttachmentWriter({ source, target, writer, logger });

  const rewrites = options.rewriteIndex === true;

  const readWanted = async (
    root: Manifest,
    session: CopySession,
    isRewritten: boolean,
  ): Promise<{ readonly tree: ManifestTree; readonly omitted: readonly string[] }> => {
    const whole = await readTree(source, root, session);
    const selected =
      platforms === undefined ? whole : selectPlatforms(whole, platforms, session.source);
    return {
      tree: isRewritten ? rewriteIndexes(selected) : selected,
      omitted: omittedPlatforms(selected),
    };
  };

  const copier: ImageCopier = {
    async copy(from, to, copyOptions = {}): Promise<CopyResult> {
      const session = new CopySession(from, to, copyOptions);
      const { atTarget } = copyOptions;
      const [seen, root] = await session.all([
        // Of an image whose tag is missing hardly anything is there: its blobs are asked for anyway.
        atTarget === undefined && !rewrites
          ? target.head(atDigest(to, from.digest), session.options)
          : atTarget,
        readManifest(source, from.digest, session),
      ]);
      // What stands there under its own digest is left as it is.
      const isRewritten = rewrites && seen?.digest !== from.digest;
      const { tree, omitted } = await readWanted(root, session, isRewritten);
      const { digest } = tree;
      const byDigest = atDigest(to, digest);
      const held =
        seen === undefined && rewrites ? await target.head(byDigest, session.options) : seen;
      const isNew = held?.digest !== digest;

      const search = async (): Promise<readonly Attached[]> => {
        if (!options.signatures) return [];
        const subjects = originalDigestsOf(tree);
        const attached = await findAttachments(source, subjects, session, { discover, logger });
        if (isNew) await attachmentWriter.bringContents(attached, session);
        return attached;
      };
      const [present, attached, brought] = await session.all([
        imagePlatforms(tree, source, session, logger),
        search(),
        // Of a sparse index the target may have other platforms than are wanted now.
        isNew || isSparse(tree) ? bring(tree, session) : 'manifest',
      ]);
      if (session.repairs && !isNew) await writer.restore(tree, byDigest, session);

      // With nothing to attach to it the tag's own PUT is enough.
      const isByDigest = brought === 'contents' && attached.length > 0;
      const after = Promise.resolve(isByDigest && writer.writeManifest(tree, byDigest, session));
      await session.all([
        after,
        ...attached.map((one) => attachmentWriter.write(one, session, { isNew, after })),
      ]);

      const isTagged =
        !isNew && (atTarget ?? (await target.head(to, session.options)))?.digest === digest;
      const guard = { ...copyOptions, lookHoldsMs: options.lookHoldsMs };
      if (!isTagged && !(await isTagTaken(target, to, digest, guard))) {
        await writer.writeManifest(tree, to, session);
        const { lookAgainAfter } = options;
        if (copyOptions.readBack !== false) {
          await readBack(target, to, digest, { ...session.options, lookAgainAfter });
        }
      }
      return {
        digest,
        ...session.tally.result(),
        platforms: present,
        ...(omitted.length === 0 ? {} : { omitted }),
        ...(digest === from.digest ? {} : { rewritten: { from: from.digest, to: digest } }),
        attachments: attached.flatMap(({ attachments }) => attachments).length,
      };
    },
  };
  if (!rewrites) return copier;
  return {
    ...copier,
    async copiedDigest(from, own = {}): Promise<Digest> {
      // Nothing is written: the target is only there because a session has one.
      const session = new CopySession(from, atTag(from, 'none'), own);
      const root = await readManifest(source, from.digest, session);
      return (await readWanted(root, session, true)).tree.digest;
    },
  };
}
