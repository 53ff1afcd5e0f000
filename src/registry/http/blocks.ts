/** Where received bytes lie until they have been sent on. */
interface Block {
  readonly bytes: Buffer;
  /** Handed out and not given back yet. */
  lent: number;
  /** Whether nothing more will be read into it. */
  isRetired: boolean;
}

const BLOCK_BYTES = 128 * 1024;
/** Blocks kept for the next to come; more are left to the garbage collector. */
const MAX_FREE = 32;

const free: Buffer[] = [];
/** By the memory that its pieces lie in. */
const blocks = new WeakMap<ArrayBufferLike, Block>();

/** Takes a block to read into. */
export function takeBlock(): Block {
  const bytes = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const block = { bytes, lent: 0, isRetired: false };
  blocks.set(bytes.buffer, block);
  return block;
}

/** Nothing more is read into it: it is free as soon as all of it was given back. */
export function retire(block: Block): void {
  block.isRetired = true;
  reuse(block);
}

/**
 * Says that nobody looks at these bytes any more, so that others may be read into their place. What
 * is not given back, or is no part of a block, is left to the garbage collector.
 */
export function giveBack(bytes: Uint8Array): void {
  const block = blocks.get(bytes.buffer);
  if (block === undefined) return;
  block.lent -= bytes.byteLength;
  reuse(block);
}

function reuse(block: Block): void {
  if (!block.isRetired || block.lent > 0) return;
  blocks.delete(block.bytes.buffer);
  if (free.length < MAX_FREE) free.push(block.bytes);
}

export type { Block };
