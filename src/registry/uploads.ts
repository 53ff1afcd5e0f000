import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { errorMessage, RegistryError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { digestOf, type Descriptor } from './manifest.ts';
import { formatBlob } from './paths.ts';
import type { Repository } from './reference.ts';
import { sendChunks } from './upload-chunks.ts';
import { UploadRequests, type UploadContext } from './upload-requests.ts';

export interface BlobWriterOptions extends UploadContext {
  readonly logger: Logger;
  readonly mountFrom?: Repository | undefined;
}

/** Small enough to be held in memory and sent in one request. */
const SMALL_BYTES = 64 * 1024;
const MAX_ATTEMPTS = 4;
const FIRST_CHUNK_BYTES = 16 * 1024 * 1024;
const SMALLEST_CHUNK_BYTES = 1024 * 1024;

/** Puts one blob into one repository, in whichever way its registry takes it. */
export async function putBlob(
  repository: Repository,
  descriptor: Descriptor,
  open: () => Promise<Readable>,
  options: BlobWriterOptions,
): Promise<'mounted' | 'uploaded'> {
  const { client, logger, mountFrom } = options;
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
  const upload = new Upload(repository, descriptor, open, requests, options);
  await (descriptor.size <= SMALL_BYTES ? upload.small(session) : upload.large(session));
  return 'uploaded';
}

class Upload {
  readonly #repository: Repository;
  readonly #descriptor: Descriptor;
  readonly #open: () => Promise<Readable>;
  readonly #requests: UploadRequests;
  readonly #options: BlobWriterOptions;

  constructor(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    requests: UploadRequests,
    options: BlobWriterOptions,
  ) {
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#open = open;
    this.#requests = requests;
    this.#options = options;
  }

  async small(session: URL | undefined): Promise<void> {
    const body = await this.#readWhole();
    const place = session ?? (await this.#singlePost(body)) ?? (await this.#requests.start());
    if (place === 'stored') return;
    try {
      await this.#requests.put(place, body);
    } catch (error) {
      if (!isForgotten(error)) throw error;
      await this.#requests.put(await this.#requests.start(), body);
    }
  }

  async large(session: URL | undefined): Promise<void> {
    const { client, logger, signal } = this.#options;
    let place = session;
    for (let attempt = 1; ; attempt += 1) {
      const content = await this.#openContent();
      place ??= await this.#startFor(content);
      try {
        await this.#stream(content, place);
        return;
      } catch (error) {
        content.stream.destroy();
        signal?.throwIfAborted();
        // The content's own source failed; it has had its retries, and says more than we could.
        if (content.error !== undefined) throw content.error;
        if (attempt === MAX_ATTEMPTS || !this.#isWorthAnother(error, attempt)) throw error;
        logger.info(`trying again: ${errorMessage(error)}`, { host: client.registry, attempt });
        await client.backOff(attempt, signal);
        // What the broken session holds is unknown: start over.
        place = undefined;
      }
    }
  }

  /** Opens the content and waits for its first bytes: a session left waiting may expire. */
  async #openContent(): Promise<Content> {
    const stream = await this.#open();
    const content: Content = { stream, error: undefined };
    stream.on('error', (error) => {
      content.error ??= error instanceof Error ? error : new Error('unreadable', { cause: error });
    });
    const { signal } = this.#options;
    try {
      await once(stream, 'readable', { signal });
    } catch (error) {
      stream.destroy();
      signal?.throwIfAborted();
      throw error;
    }
    return content;
  }

  async #startFor({ stream }: Content): Promise<URL> {
    try {
      return await this.#requests.start();
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /** One request instead of two, where the registry takes it. */
  async #singlePost(body: Uint8Array): Promise<'stored' | URL | undefined> {
    const { client, logger } = this.#options;
    if (!client.learned.singlePost) return undefined;
    const result = await this.#requests.singlePost(body);
    if (result === 'stored') return result;
    client.learned.singlePost = false;
    logger.debug('the registry does not take a blob in one POST', { host: client.registry });
    return result === 'unsupported' ? undefined : result;
  }

  async #stream({ stream }: Content, session: URL): Promise<void> {
    const { size } = this.#descriptor;
    const { chunkBytes } = this.#options.client.learned;
    if (chunkBytes === undefined) {
      await this.#requests.put(session, { stream, length: size });
    } else {
      const end = await sendChunks(stream, size, chunkBytes, session, this.#requests);
      await this.#requests.put(end);
    }
  }

  /** Judges a failure, and learns from it in which form the registry wants its blobs. */
  #isWorthAnother(error: unknown, attempt: number): boolean {
    if (!(error instanceof RegistryError)) return false;
    const { learned } = this.#options.client;
    const { status, registryCode } = error;
    const isTooLarge = status === 413 || status === 416 || registryCode === 'BLOB_UPLOAD_INVALID';
    // A proxy with a limit often cuts the connection before its 413 gets through.
    const isCutAgain = error.code === 'REGISTRY_UNAVAILABLE' && status === undefined && attempt > 1;
    if (learned.chunkBytes === undefined && (isTooLarge || isCutAgain)) {
      learned.chunkBytes = FIRST_CHUNK_BYTES;
      return true;
    }
    if (learned.chunkBytes !== undefined && isTooLarge) {
      learned.chunkBytes /= 4;
      return learned.chunkBytes >= SMALLEST_CHUNK_BYTES;
    }
    // A session the registry forgot, a token that expired on the way: the next attempt has new ones.
    return error.retryable || isForgotten(error) || status === 401;
  }

  async #readWhole(): Promise<Uint8Array> {
    const { size, digest } = this.#descriptor;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of await this.#open()) {
      const bytes = chunk as Buffer;
      length += bytes.byteLength;
      if (length > size) break;
      chunks.push(bytes);
    }
    const body = Buffer.concat(chunks);
    if (length === size && digestOf(body) === digest) return body;
    throw new RegistryError(
      'DIGEST_MISMATCH',
      `could not write ${formatBlob(this.#repository, digest)}: the content to write is not ${size} bytes with that digest`,
      { side: this.#options.side },
    );
  }
}

interface Content {
  readonly stream: Readable;
  /** Why the content itself failed, if it did. */
  error: Error | undefined;
}

/** Whether the registry no longer knows the session. */
function isForgotten(error: unknown): boolean {
  return error instanceof RegistryError && error.registryCode === 'BLOB_UPLOAD_UNKNOWN';
}
