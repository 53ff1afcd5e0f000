const FIRST_CHUNK_BYTES = 16 * 1024 * 1024;
const SMALLEST_CHUNK_BYTES = 1024 * 1024;

/** In which form a registry takes its blobs, as this run has found out from its answers. */
export class UploadForm {
  /** Whether it takes a small blob in one POST. */
  takesSinglePost = true;
  /** Blobs from this size on go in pieces. */
  #chunkedFrom = Infinity;
  #chunkBytes = FIRST_CHUNK_BYTES;

  /** The size of the pieces for a blob of `size` bytes; `undefined`: it goes whole. */
  chunkBytesFor(size: number): number | undefined {
    return size >= this.#chunkedFrom ? this.#chunkBytes : undefined;
  }

  /**
   * The registry found a blob, or a piece of it, too large.
   *
   * @param chunkBytes - the pieces it was sent in; blobs under way at once may learn the same
   *   lesson, and must not learn it twice
   * @returns whether there is another form to try
   */
  refused(size: number, chunkBytes: number | undefined): boolean {
    if (chunkBytes === undefined) {
      this.#chunkedFrom = Math.min(this.#chunkedFrom, size);
      return true;
    }
    this.#chunkBytes = Math.min(this.#chunkBytes, chunkBytes / 4);
    return this.#chunkBytes >= SMALLEST_CHUNK_BYTES;
  }
}
