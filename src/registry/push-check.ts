import { digestOf } from './manifest.ts';
import { formatRepository, type Repository } from './reference.ts';
import { UploadRequests, type UploadContext } from './upload-requests.ts';

const EMPTY = new Uint8Array();
const DESCRIPTOR = {
  mediaType: 'application/octet-stream',
  digest: digestOf(EMPTY),
  size: EMPTY.byteLength,
};

/**
 * Proves the right to push by the smallest request there is: an upload is begun and given up.
 * Nothing is left behind.
 *
 * @throws RegistryError why one may not
 */
export async function checkPush(repository: Repository, context: UploadContext): Promise<void> {
  const what = `begin an upload into ${formatRepository(repository)}`;
  const requests = new UploadRequests(repository, DESCRIPTOR, { ...context, what });
  await requests.cancel(await requests.start());
}
