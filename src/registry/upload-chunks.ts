import { Readable } from 'node:stream';
import type { UploadRequests } from './upload-requests.ts';

/**
 * Sends content in pieces of a known size, for registries that refuse it in one (ACR above 20 MB).
 * Each piece streams through; none is held.
 *
 * @param size - of the whole content, in bytes
 * @returns where the session is to be closed
 */
export async function sendChunks(
  content: Readable,
  size: number,
  chunkBytes: number,
  session: URL,
  requests: UploadRequests,
): Promise<URL> {
  const pieces = new Pieces(content);
  let at = session;
  for (let offset = 0; offset < size; offset += chunkBytes) {
    const length = Math.min(chunkBytes, size - offset);
    const stream = Readable.from(pieces.take(length), { objectMode: false });
    at = await requests.patch(at, offset, { stream, length });
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
