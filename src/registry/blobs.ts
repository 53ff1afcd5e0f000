import { Readable } from 'node:stream';
import { RegistryError, type Side } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { quote } from '../quote.ts';
import { BlobStream, type BlobSource } from './blob-stream.ts';
import type { Purpose } from './failures.ts';
import type { HostClient, RegistryRequest } from './host-client.ts';
import { TooLargeError } from './http/body.ts';
import { parseContentRange } from './http/content-range.ts';
import type { Answer } from './http/exchange.ts';
import { join } from './http/join.ts';
import { digestOf, type Descriptor } from './manifest.ts';
import { blobPath, formatBlob, pullScope } from './paths.ts';
import type { Digest, Repository } from './reference.ts';
import type { OpenBlobOptions } from './registry.ts';

export interface BlobReaderOptions extends Options {
  readonly client: HostClient;
  readonly side: Side;
  readonly logger: Logger;
}

/** Held in memory whole, read and sent in one piece: a stream would cost more than it saves. */
export const SMALL_BLOB_BYTES: number = 64 * 1024;

const MAX_CUTS = 5;

/** Whether a repository holds a blob. */
export async function hasBlob(
  repository: Repository,
  digest: Digest,
  { client, side, signal, size }: BlobReaderOptions & { readonly size?: number },
): Promise<boolean> {
  const purpose = { side, what: `ask for ${formatBlob(repository, digest)}` };
  const answer = await client.send({
    method: 'HEAD',
    target: blobPath(repository, digest),
    scopes: [pullScope(repository)],
    purpose,
    signal,
  });
  if (answer.status === 200) {
    const length = answer.headers['content-length'];
    return size === undefined || length === undefined || Number(length) === size;
  }
  // A storage behind the registry may refuse a HEAD that was signed as a GET: "not known" is the
  // safe answer, at the price of an upload.
  if (answer.status === 404 || answer.url.origin !== client.url.origin) return false;
  throw await client.refusal(answer, purpose);
}

/** Streams a blob; see {@link BlobStream}. A small one is read whole before anything of it is given. */
export async function openBlob(
  repository: Repository,
  descriptor: Descriptor,
  options: BlobReaderOptions & OpenBlobOptions,
): Promise<Readable> {
  const source = new RegistryBlobSource(repository, descriptor, options);
  if (descriptor.size <= SMALL_BLOB_BYTES) return streamOf(await source.readWhole(), options);
  const { body } = await source.openAt(0);
  const { signal, onReceived } = options;
  const stream = new BlobStream(descriptor, source, { body, onReceived });
  if (signal !== undefined) {
    const abort = (): void => {
      stream.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', abort, { once: true });
    stream.once('close', () => {
      signal.removeEventListener('abort', abort);
    });
  }
  return stream;
}

/** The stream of a small blob that is there already. */
export function streamOf(bytes: Uint8Array, { onReceived }: OpenBlobOptions): Readable {
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes);
  stream.push(null);
  onReceived?.(bytes.byteLength);
  return stream;
}

/** Reads a blob whole. */
export async function getBlob(
  repository: Repository,
  descriptor: Descriptor,
  options: BlobReaderOptions & { readonly maxBytes: number },
): Promise<Uint8Array> {
  if (descriptor.size > options.maxBytes) {
    throw new RegistryError(
      'REGISTRY_REFUSED',
      `${formatBlob(repository, descriptor.digest)} has ${descriptor.size} bytes; here at most ${options.maxBytes} are read`,
      { side: options.side },
    );
  }
  if (descriptor.size <= SMALL_BLOB_BYTES) {
    return new RegistryBlobSource(repository, descriptor, options).readWhole();
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await openBlob(repository, descriptor, options)) {
    chunks.push(chunk as Buffer);
  }
  return join(chunks);
}

class RegistryBlobSource implements BlobSource {
  readonly #repository: Repository;
  readonly #descriptor: Descriptor;
  readonly #options: BlobReaderOptions;
  readonly #purpose: Purpose;

  constructor(repository: Repository, descriptor: Descriptor, options: BlobReaderOptions) {
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#purpose = {
      side: options.side,
      what: `read ${formatBlob(repository, descriptor.digest)}`,
    };
  }

  /** Reads all of a small one, checked against its descriptor. */
  async readWhole(): Promise<Buffer> {
    const { size, digest } = this.#descriptor;
    const answer = await this.#askForAll();
    const { status, body } = answer;
    if (status < 200 || status > 299)
      throw await this.#options.client.refusal(answer, this.#purpose);
    this.#startOf(answer, 0);
    if (body.byteLength !== size) throw this.mismatch(`only ${body.byteLength} bytes`);
    const found = digestOf(body);
    if (found !== digest) throw this.mismatch(found);
    return body;
  }

  async openAt(offset: number): ReturnType<BlobSource['openAt']> {
    const answer = await this.#ask({
      ...(offset === 0 ? {} : { headers: { range: `bytes=${offset}-` } }),
      asStream: true,
      continues: offset > 0,
    });
    const { stream: body } = answer;
    if (body === undefined) throw await this.#options.client.refusal(answer, this.#purpose);
    try {
      return { body, startsAt: this.#startOf(answer, offset) };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  async beforeRetry(reason: unknown, failures: number): Promise<void> {
    const { client, logger, signal } = this.#options;
    signal?.throwIfAborted();
    if (failures > MAX_CUTS) throw reason;
    logger.info(`resuming: ${this.#purpose.what}`, { host: client.registry, failures });
    await client.backOff(failures, signal);
  }

  mismatch(found: string): Error {
    const { size } = this.#descriptor;
    return new RegistryError(
      'DIGEST_MISMATCH',
      `could not ${this.#purpose.what}: expected ${size} bytes with that digest, got ${found}. Something ` +
        'between here and the registry, or the registry itself, changes content; nothing was used',
      { side: this.#options.side },
    );
  }

  async failure(reason: unknown): Promise<Error> {
    const { client, signal } = this.#options;
    return client.failure(reason, this.#purpose, signal);
  }

  async #askForAll(): Promise<Answer> {
    try {
      return await this.#ask({ maxBytes: SMALL_BLOB_BYTES });
    } catch (error) {
      const isTooLarge = error instanceof RegistryError && error.cause instanceof TooLargeError;
      throw isTooLarge ? this.mismatch('more bytes') : error;
    }
  }

  async #ask(
    request: Pick<RegistryRequest, 'headers' | 'asStream' | 'continues' | 'maxBytes'>,
  ): Promise<Answer> {
    const { client, signal } = this.#options;
    return client.send({
      method: 'GET',
      target: blobPath(this.#repository, this.#descriptor.digest),
      scopes: [pullScope(this.#repository)],
      ...request,
      purpose: this.#purpose,
      signal,
    });
  }

  #startOf({ status, headers }: Answer, offset: number): number {
    const { size } = this.#descriptor;
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw this.mismatch(`content encoded as ${quote(encoding)}`);
    const length = headers['content-length'];
    if (status === 206) {
      const part = parseContentRange(headers['content-range']);
      if (part?.start !== offset) throw this.mismatch('another part than was asked for');
      const { total = size } = part;
      if (total !== size) throw this.mismatch(`${total} bytes`);
      return offset;
    }
    if (length !== undefined && Number(length) !== size) throw this.mismatch(`${length} bytes`);
    return 0;
  }
}
