import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';
import type { Clock } from './clock.ts';

/** What may go at once after a silence: timers are late by some milliseconds, which must not add up. */
const BURST_MS = 100;

/**
 * So many bytes a second, shared by everything that is let through it. Each piece waits until the
 * line would have carried it and all before it; with one piece of each stream waiting at a time,
 * every stream gets its turn, however many there are.
 */
export class Bandwidth {
  readonly #bytesPerMs: number;
  readonly #clock: Clock;
  /** When the line will have carried everything, milliseconds since 1970. */
  #freeAt = -Infinity;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#clock = clock;
  }

  /** Waits until the line has carried so many bytes more. */
  async carry(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + bytes / this.#bytesPerMs;
    if (this.#freeAt > now) await this.#clock.sleep(this.#freeAt - now, signal);
  }

  /** The same stream, at the pace of the line; its failure and its being destroyed go both ways. */
  throttle(stream: Readable): Readable {
    const throttled = new Throttled(this);
    // The failure, if there is one, is that of the stream given back.
    pipeline(stream, throttled, () => undefined);
    return throttled;
  }
}

class Throttled extends Transform {
  readonly #bandwidth: Bandwidth;
  readonly #over = new AbortController();

  constructor(bandwidth: Bandwidth) {
    // What waits is left with the source.
    super({ writableHighWaterMark: 1, readableHighWaterMark: 256 * 1024 });
    this.#bandwidth = bandwidth;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    void this.#carry(chunk, done);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#over.abort();
    callback(error);
  }

  async #carry(chunk: Buffer, done: TransformCallback): Promise<void> {
    try {
      await this.#bandwidth.carry(chunk.byteLength, this.#over.signal);
    } catch (error) {
      done(error instanceof Error ? error : new Error('aborted', { cause: error }));
      return;
    }
    done(null, chunk);
  }
}
