import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { giveBack } from './blocks.ts';

/** A body whose length is known beforehand: some registries refuse chunked transfer encoding. */
export interface StreamBody {
  readonly stream: Readable;
  /** Bytes. */
  readonly length: number;
}

/** What was to be sent is not as long as it was said to be. */
export class ContentSizeError extends Error {
  override readonly name = 'ContentSizeError';
}

/** Bytes written and not yet taken by the system, beyond which nothing more is written. */
const MAX_UNSENT = 256 * 1024;

/** Sends a stream as a request's body, until it ends, fails, or the server has answered. */
export function pump({ stream, length }: StreamBody, outgoing: ClientRequest): void {
  let left = length;
  let unsent = 0;
  let isAnswered = false;
  const fail = (error: Error): void => {
    if (!isAnswered) outgoing.destroy(error);
  };
  // It may have failed between being opened and being sent; its events will not come again.
  if (stream.destroyed) {
    fail(stream.errored ?? new Error('the content to send was closed before it was sent'));
    return;
  }
  const send = (chunk: Buffer): void => {
    left -= chunk.byteLength;
    // The server would take what is too much for the start of another request.
    if (left < 0) {
      stream.destroy(new ContentSizeError(`the content to send is longer than ${length} bytes`));
      return;
    }
    unsent += chunk.byteLength;
    if (unsent >= MAX_UNSENT) stream.pause();
    outgoing.write(chunk, () => {
      giveBack(chunk);
      unsent -= chunk.byteLength;
      if (unsent < MAX_UNSENT && !isAnswered) stream.resume();
    });
  };
  stream.on('data', send);
  stream.on('error', fail);
  stream.once('end', () => {
    if (left === 0) outgoing.end();
  });
  stream.once('close', () => {
    if (left > 0) fail(new ContentSizeError(`the content to send ended ${left} bytes early`));
  });
  outgoing.once('response', (response) => {
    isAnswered = true;
    if (outgoing.writableEnded) return;
    // A refusal that came before everything was heard: nobody will listen to the rest. The
    // connection cannot serve another request.
    stream.off('data', send);
    stream.destroy();
    response.once('end', () => outgoing.destroy());
  });
  outgoing.once('close', () => stream.destroy());
}
