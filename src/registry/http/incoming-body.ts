import type { IncomingMessage } from 'node:http';
import { blockReaderOf } from './block-reader.ts';

/** A body on its way in: through Node's parser, or around it. */
export class IncomingBody {
  readonly #message: IncomingMessage;
  readonly #isLarge: boolean;
  #isPaused = false;

  constructor(message: IncomingMessage) {
    this.#message = message;
    this.#isLarge = blockReaderOf(message.socket)?.largeBodyBytes !== undefined;
  }

  /** Whether all of it has come. */
  get complete(): boolean {
    return this.#message.complete;
  }

  /**
   * Begins to read.
   *
   * @param on - `end` follows everything else, with the failure if there was one
   */
  start(on: {
    readonly data: (bytes: Buffer) => void;
    readonly end: (error: Error | undefined) => void;
  }): void {
    const message = this.#message;
    let failure: Error | undefined;
    message.on('error', (error) => {
      failure = error;
    });
    message.once('close', () => on.end(failure));
    if (!this.#isLarge) {
      message.on('data', on.data);
      return;
    }
    blockReaderOf(message.socket)?.readLarge({ answer: message, onPiece: on.data });
    if (!this.#isPaused) this.resume();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#isLarge) this.#message.socket.pause();
    else this.#message.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isLarge) this.#message.socket.resume();
    else this.#message.resume();
  }

  destroy(): void {
    this.#message.destroy();
  }
}
