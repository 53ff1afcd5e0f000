/**
 * Puts chunks together in memory of their own. Node cuts small buffers from slabs of 64 KB, and one
 * that is kept (a manifest, until the run ends) keeps all of its slab.
 */
export function join(chunks: readonly Uint8Array[]): Buffer {
  const length = chunks.reduce((total, { byteLength }) => total + byteLength, 0);
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
