import { Readable } from 'node:stream';
import { ContentSizeError } from './http/pump.ts';
import type { UploadRequests } from './upload-requests.ts';

/** What is to be sent in pieces. */
export interface ChunkPlan {
  /** Of the whole content, in bytes. */
  readonly size: number;
  /** What the session holds already, in bytes. */
  readonly offset: number;
  readonly chunkBytes: number;
}

/**
 * Sends content in pieces of a known size, for registries that refuse it in one (ACR above 20 MB)
 * and for sessions that hold its beginning. Each piece streams through; none is held.
 *
 * @param content - from its first byte, whatever the offset: it proves itself as a whole
 * @returns where the session is to be closed
 */
export async function sendChunks(
  content: Readable,
  { size, offset, chunkBytes }: ChunkPlan,
  session: URL,
  {
    requests,
    note,
  }: {
    readonly requests: Pick<UploadRequests, 'patch'>;
    /** Is told where the session goes on after each piece. */
    readonly note: (session: URL) => Promise<void>;
  },
): Promise<URL> {
  const pieces = new Pieces(content);
  await pieces.skip(offset);
  let at = session;
  for (let start = offset; start < size; start += chunkBytes) {
    const length = Math.min(chunkBytes, size - start);
    const stream = Readable.from(pieces.take(length), { objectMode: false });
    at = await requests.patch(at, start, { stream, length });
    await note(at);
  }
  return at;
}

/** Cuts a stream at given lengths. */
class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(content: Readable) {
    // Leaving one piece must not close the content that the next one goes on with.
    this.#chunks = content.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  async skip(length: number): Promise<void> {
    let skipped = 0;
    for await (const piece of this.take(length)) skipped += piece.byteLength;
    if (skipped < length)
      throw new ContentSizeError(`the content to send ended after ${skipped} bytes`);
  }

  async *take(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return;
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.byteLength);
      left -= piece.byteLength;
      yield piece;
    }
  }
}
