import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { errorMessage, RegistryError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sendChunks } from './upload-chunks.ts';
import type { UploadJournal } from './upload-journal.ts';
import type { UploadContext, UploadRequests } from './upload-requests.ts';

export interface LargeUploadOptions extends UploadContext {
  readonly logger: Logger;
  /** Bytes. */
  readonly size: number;
  readonly open: () => Promise<Readable>;
  readonly requests: UploadRequests;
}

const MAX_FAILURES = 4;
/** How much further than ever a session must be for the failures before not to count. */
const PROGRESS_BYTES = 1024 * 1024;

/** A session and how much of the blob it holds. */
interface Place {
  readonly session: URL;
  readonly offset: number;
}

interface Content {
  readonly stream: Readable;
  /** Why the content itself failed, if it did. */
  error: Error | undefined;
}

/**
 * Streams a blob into a session: in one request, or in pieces where the registry wants that. A cut
 * upload goes on where the session says it was cut, otherwise from the start.
 */
export class LargeUpload {
  readonly #options: LargeUploadOptions;

  constructor(options: LargeUploadOptions) {
    this.#options = options;
  }

  async run(session: URL | undefined): Promise<void> {
    const { client, logger, signal, size } = this.#options;
    let place: Place | undefined =
      session === undefined ? await this.#leftBehind() : { session, offset: 0 };
    let failures = 0;
    let furthest = place?.offset ?? 0;
    for (;;) {
      const chunkBytes = client.form.chunkBytesFor(size);
      const content = await this.#openContent();
      place ??= await this.#startFor(content);
      try {
        await this.#send(content, place, chunkBytes);
        await this.#journal?.forget(this.#options.requests.name);
        return;
      } catch (error) {
        content.stream.destroy();
        signal?.throwIfAborted();
        // The content's own source failed; it has had its retries, and says more than we could.
        if (content.error !== undefined) throw content.error;
        failures += 1;
        if (failures >= MAX_FAILURES) throw error;
        const next = this.#judge(error, place, chunkBytes, failures);
        if (next === 'fail') throw error;
        logger.info(`trying again: ${errorMessage(error)}`, { host: client.registry, failures });
        await client.backOff(failures, signal);
        const held = next === 'resume' ? await this.#heldBy(place) : undefined;
        if (held !== undefined && held.offset - furthest >= PROGRESS_BYTES) {
          failures = 0;
          furthest = held.offset;
        }
        place = held;
      }
    }
  }

  async #send(content: Content, place: Place, chunkBytes: number | undefined): Promise<void> {
    const { requests, size } = this.#options;
    const { session, offset } = place;
    if (offset === 0 && chunkBytes === undefined) {
      await requests.put(session, { stream: content.stream, length: size });
      return;
    }
    const plan = { size, offset, chunkBytes: chunkBytes ?? size };
    const note = async (at: URL): Promise<void> => this.#journal?.note(requests.name, at);
    await requests.put(await sendChunks(content.stream, plan, session, { requests, note }));
  }

  get #journal(): UploadJournal | undefined {
    const { journal, size } = this.#options;
    return journal === undefined || size < journal.fromBytes ? undefined : journal;
  }

  /** Where a process before this one was interrupted, if the registry still knows. */
  async #leftBehind(): Promise<Place | undefined> {
    const { requests } = this.#options;
    const session = await this.#journal?.take(requests.name);
    const held = session && (await this.#heldBy({ session, offset: 0 }));
    if (held !== undefined) await this.#journal?.note(requests.name, held.session);
    return held;
  }

  /** What a failure asks for; also learns from it in which form the registry wants its blobs. */
  #judge(
    error: unknown,
    { offset }: Place,
    chunkBytes: number | undefined,
    failures: number,
  ): 'fail' | 'resume' | 'restart' {
    if (!(error instanceof RegistryError)) return 'fail';
    const { status, registryCode, retryable } = error;
    // A token that expired on the way: the next attempt has a new one, and the session is as it was.
    if (status === 401) return 'resume';
    // The session did not hold what it said (ECR's `Range` lags behind): no question of form.
    const isForm = status === 413 || offset === 0;
    if (!isForm && status !== undefined && !retryable) return 'restart';
    const isTooLarge = status === 413 || status === 416 || registryCode === 'BLOB_UPLOAD_INVALID';
    const isCut = error.code === 'REGISTRY_UNAVAILABLE' && status === undefined;
    // A proxy with a limit often cuts the connection before its 413 gets through.
    if (isTooLarge || (isCut && isForm && chunkBytes === undefined && failures > 1)) {
      const { client, size } = this.#options;
      return client.form.refused(size, chunkBytes) ? 'restart' : 'fail';
    }
    if (retryable) return 'resume';
    // The registry forgot the session.
    return registryCode === 'BLOB_UPLOAD_UNKNOWN' ? 'restart' : 'fail';
  }

  /** How much of the blob a broken session holds; `undefined` if it is of no more use. */
  async #heldBy({ session }: Place): Promise<Place | undefined> {
    const { client, logger, requests, size } = this.#options;
    const held = await requests.status(session);
    if (held === undefined || held.offset === 0 || held.offset >= size) return undefined;
    logger.info('resuming an upload', { host: client.registry, offset: held.offset });
    return held;
  }

  /** Opens the content and waits for its first bytes: a session left waiting may expire. */
  async #openContent(): Promise<Content> {
    const { open, signal } = this.#options;
    const stream = await open();
    const content: Content = { stream, error: undefined };
    stream.on('error', (error) => {
      content.error ??= error instanceof Error ? error : new Error('unreadable', { cause: error });
    });
    try {
      await once(stream, 'readable', { signal });
    } catch (error) {
      stream.destroy();
      signal?.throwIfAborted();
      throw error;
    }
    return content;
  }

  async #startFor({ stream }: Content): Promise<Place> {
    try {
      const { requests } = this.#options;
      const session = await requests.start();
      await this.#journal?.note(requests.name, session);
      return { session, offset: 0 };
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }
}
