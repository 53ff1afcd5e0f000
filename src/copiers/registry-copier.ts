import { silentLogger } from '../log.ts';
import { BlobTransfers } from './blob-transfers.ts';
import { createCopier, type CopierOptions } from './copy-image.ts';
import type { ImageCopier } from './image-copier.ts';
import { TreeWriter } from './tree-writer.ts';

export interface RegistryCopierOptions extends CopierOptions {
  /** Most blobs on their way at once, over all images; 16 by default. */
  readonly blobConcurrency?: number;
}

/** At 30 ms latency 4 are too few and more than 16 gain nothing. */
const DEFAULT_BLOB_CONCURRENCY = 16;

/**
 * Copies images by the registries' own API. One copier serves a whole run and moves each blob once,
 * however many images share it.
 */
export function createRegistryCopier(options: RegistryCopierOptions): ImageCopier {
  const { source, target, logger = silentLogger } = options;
  const concurrency = options.blobConcurrency ?? DEFAULT_BLOB_CONCURRENCY;
  const blobs = new BlobTransfers(source, target, concurrency);
  const writer = new TreeWriter({ source, target, blobs, logger });
  return createCopier(options, writer, async (tree, session) => {
    await writer.writeContents(tree, session);
    return 'contents';
  });
}
