import { join } from './join.ts';
import type { HttpResponse } from './transport.ts';

/** An answer was larger than its reader allows. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** An answer ended before all of it had come. */
export class CutOffError extends Error {
  override readonly name = 'CutOffError';
}

/**
 * Reads an answer whole.
 *
 * @param maxBytes - nothing beyond this is kept; the connection is dropped
 * @param beyond - what a larger answer is: a failure, or (an error page) no more than its start
 * @throws TooLargeError, CutOffError, or what Node says about the connection
 */
export async function readBody(
  response: HttpResponse,
  maxBytes: number,
  beyond: 'fail' | 'cut' = 'fail',
): Promise<Buffer> {
  const { body } = response;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    length += chunk.byteLength;
    if (length <= maxBytes) {
      chunks.push(chunk);
    } else if (beyond === 'cut') {
      resolve(Buffer.concat([...chunks, chunk], maxBytes));
      body.destroy();
    } else {
      body.destroy(new TooLargeError(`the answer is over ${maxBytes} bytes`));
    }
  });
  body.on('error', reject);
  body.on('close', () => {
    if (body.complete) resolve(join(chunks));
    else reject(new CutOffError(`the answer was cut off after ${length} bytes`));
  });
  return promise;
}

/** Lets an unwanted answer go by, so that its connection can be used again. */
export function discardBody(response: HttpResponse): void {
  // Its failure no longer concerns anybody; without a listener Node does not raise it.
  response.body.resume();
}
