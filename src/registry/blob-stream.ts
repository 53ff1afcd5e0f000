import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { giveBack } from './http/blocks.ts';
import { CutOffError } from './http/body.ts';
import { IncomingBody } from './http/incoming-body.ts';
import type { Descriptor } from './manifest.ts';
import type { OpenBlobOptions } from './registry.ts';

/** Where a blob's bytes come from, again and again if need be. */
export interface BlobSource {
  /**
   * Asks for the bytes from `offset` on.
   *
   * @returns a body that starts at `startsAt`, which is `offset`, or 0 where the registry cannot
   *   start in the middle
   */
  openAt(offset: number): Promise<{ readonly body: IncomingMessage; readonly startsAt: number }>;
  /** Waits before another try; rejects when there have been enough. */
  beforeRetry(reason: unknown, failures: number): Promise<void>;
  /** The error for bytes that are not what the descriptor says. */
  mismatch(found: string): Error;
  /** The error a failure ends as. */
  failure(reason: unknown): Promise<Error>;
}

// A connection that brings this much between two cuts gets on; its cuts are not counted together.
const PROGRESS_BYTES = 1024 * 1024;

/**
 * A blob's bytes, hashed as they pass. Its last bytes are held back until the digest is known to be
 * right, so nobody who waits for the size ever gets wrong content in full. A cut connection goes on
 * at the byte where it was cut.
 */
export class BlobStream extends Readable {
  readonly #descriptor: Descriptor;
  readonly #source: BlobSource;
  readonly #onReceived: OpenBlobOptions['onReceived'];
  readonly #hash = createHash('sha256');
  #body: IncomingBody | undefined;
  /** Bytes of the blob received and hashed. */
  #received = 0;
  /** Bytes of this body that were received from an earlier one. */
  #toSkip = 0;
  /** Whether the reader has room for more. */
  #isWanted = false;
  #failures = 0;
  #receivedAtFailure = 0;

  constructor(
    descriptor: Descriptor,
    source: BlobSource,
    { body, onReceived }: { readonly body: IncomingMessage } & Pick<OpenBlobOptions, 'onReceived'>,
  ) {
    super({ highWaterMark: 256 * 1024 });
    this.#descriptor = descriptor;
    this.#source = source;
    this.#onReceived = onReceived;
    if (descriptor.size === 0) this.#finish();
    this.#attach(body, 0);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#body?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body?.destroy();
    callback(error);
  }

  #attach(message: IncomingMessage, startsAt: number): void {
    const body = new IncomingBody(message);
    this.#body = body;
    this.#toSkip = this.#received - startsAt;
    if (!this.#isWanted) body.pause();
    body.start({
      data: (chunk) => this.#take(chunk),
      end: (error) => {
        if (this.#body !== body || this.destroyed || this.#isComplete) return;
        if (body.complete) this.destroy(this.#source.mismatch(`only ${this.#received} bytes`));
        else void this.#resume(error ?? new CutOffError('the answer was cut off'));
      },
    });
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    const skipped = Math.min(this.#toSkip, chunk.byteLength);
    this.#toSkip -= skipped;
    giveBack(chunk.subarray(0, skipped));
    const bytes = skipped === 0 ? chunk : chunk.subarray(skipped);
    if (bytes.byteLength === 0) return;
    this.#received += bytes.byteLength;
    if (this.#received > this.#descriptor.size) {
      this.destroy(this.#source.mismatch('more bytes'));
      return;
    }
    this.#hash.update(bytes);
    this.#onReceived?.(this.#received);
    if (this.#isComplete) {
      this.#finish(bytes);
    } else if (!this.push(bytes)) {
      this.#isWanted = false;
      this.#body?.pause();
    }
  }

  #finish(last?: Buffer): void {
    const digest = `sha256:${this.#hash.digest('hex')}`;
    if (digest !== this.#descriptor.digest) {
      this.destroy(this.#source.mismatch(digest));
      return;
    }
    if (last !== undefined) this.push(last);
    this.push(null);
    // The end of the answer goes by unread, so that its connection can be used again.
    this.#body?.resume();
  }

  get #isComplete(): boolean {
    return this.#received >= this.#descriptor.size;
  }

  async #resume(reason: unknown): Promise<void> {
    try {
      if (this.#received - this.#receivedAtFailure >= PROGRESS_BYTES) this.#failures = 0;
      this.#failures += 1;
      this.#receivedAtFailure = this.#received;
      await this.#source.beforeRetry(reason, this.#failures);
      const { body, startsAt } = await this.#source.openAt(this.#received);
      if (this.destroyed) body.destroy();
      else this.#attach(body, startsAt);
    } catch (error) {
      this.destroy(await this.#source.failure(error));
    }
  }
}
