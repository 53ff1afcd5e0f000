import type { Readable } from 'node:stream';
import { RegistryError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { join } from './http/join.ts';
import { digestOf, type Descriptor } from './manifest.ts';
import { formatBlob } from './paths.ts';
import type { Repository } from './reference.ts';
import type { UploadContext, UploadRequests } from './upload-requests.ts';

export interface SmallUploadOptions extends UploadContext {
  readonly logger: Logger;
  readonly repository: Repository;
  readonly descriptor: Descriptor;
  readonly open: () => Promise<Readable>;
  readonly requests: UploadRequests;
}

/** Sends a blob that fits into memory: in one request where the registry takes that. */
export async function uploadSmall(
  options: SmallUploadOptions,
  session: URL | undefined,
): Promise<void> {
  const { client, requests } = options;
  // It takes a session anyway: that is opened while the content comes.
  const begun = session ?? (client.form.takesSinglePost ? undefined : requests.start());
  const [body, opened] = await Promise.all([readWhole(options), begun]);
  const place = opened ?? (await singlePost(options, body)) ?? (await requests.start());
  if (place === 'stored') return;
  try {
    await requests.put(place, body);
  } catch (error) {
    // The answer to a first PUT may have been lost, and with it what became of the session.
    if (!(error instanceof RegistryError && error.registryCode === 'BLOB_UPLOAD_UNKNOWN')) {
      throw error;
    }
    await requests.put(await requests.start(), body);
  }
}

async function singlePost(
  { client, logger, requests }: SmallUploadOptions,
  body: Uint8Array,
): Promise<'stored' | URL | undefined> {
  if (!client.form.takesSinglePost) return undefined;
  const result = await requests.singlePost(body);
  if (result === 'stored') return result;
  client.form.takesSinglePost = false;
  logger.debug('the registry does not take a blob in one POST', { host: client.registry });
  return result === 'unsupported' ? undefined : result;
}

async function readWhole({
  repository,
  descriptor,
  open,
  side,
}: SmallUploadOptions): Promise<Uint8Array> {
  const { size, digest } = descriptor;
  const body = await contentOf(await open(), size);
  if (body !== undefined && digestOf(body) === digest) return body;
  throw new RegistryError(
    'DIGEST_MISMATCH',
    `could not write ${formatBlob(repository, digest)}: the content to write is not ${size} bytes with that digest`,
    { side },
  );
}

/** What a stream gives, if that is so many bytes. Its events, for an iterator costs more than they. */
async function contentOf(stream: Readable, size: number): Promise<Uint8Array | undefined> {
  // Its events will not come again.
  if (stream.destroyed)
    throw stream.errored ?? new Error('the content was closed before it was read');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.byteLength;
    if (length <= size) chunks.push(chunk);
    else stream.destroy();
  });
  stream.on('error', reject);
  stream.on('close', () => resolve(length === size ? join(chunks) : undefined));
  return promise;
}
