import type { Readable } from 'node:stream';
import type { Logger } from '../log.ts';
import { SMALL_BLOB_BYTES } from './blobs.ts';
import { LargeUpload } from './large-upload.ts';
import type { Descriptor } from './manifest.ts';
import type { Repository } from './reference.ts';
import { uploadSmall } from './small-upload.ts';
import { UploadRequests, type UploadContext } from './upload-requests.ts';

export interface BlobWriterOptions extends UploadContext {
  readonly logger: Logger;
  readonly mountFrom?: Repository | undefined;
}

/** Puts one blob into one repository: mounted if possible, else uploaded. */
export async function putBlob(
  repository: Repository,
  descriptor: Descriptor,
  open: () => Promise<Readable>,
  options: BlobWriterOptions,
): Promise<'mounted' | 'uploaded'> {
  const { client, logger, mountFrom } = options;
  const { size } = descriptor;
  const requests = new UploadRequests(repository, descriptor, options);
  let session: URL | undefined;
  if (mountFrom !== undefined && mountFrom.registry === repository.registry) {
    const mounted = await requests.mount(mountFrom);
    if (mounted === 'mounted') return 'mounted';
    if (mounted === 'refused') {
      logger.debug(`no mount from ${mountFrom.repository}`, { host: client.registry });
    } else {
      session = mounted;
    }
  }
  if (size <= SMALL_BLOB_BYTES) {
    await uploadSmall({ ...options, repository, descriptor, open, requests }, session);
  } else {
    await new LargeUpload({ ...options, size, open, requests }).run(session);
  }
  return 'uploaded';
}
