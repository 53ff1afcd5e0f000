import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack, retire, takeBlock, type Block } from '../../../../src/registry/http/blocks.ts';

function lend(block: Block, from: number, to: number): Buffer {
  block.lent += to - from;
  return block.bytes.subarray(from, to);
}

/** Whether the next block taken lies in the same memory; puts it back. */
function isTakenNext({ bytes }: Block): boolean {
  const next = takeBlock();
  const isSame = next.bytes.buffer === bytes.buffer;
  retire(next);
  return isSame;
}

test('a block is read into again once all of it was given back, and not before', () => {
  const block = takeBlock();
  const [first, second] = [lend(block, 0, 1000), lend(block, 1000, 3000)];
  retire(block);
  assert.equal(isTakenNext(block), false);
  giveBack(second.subarray(0, 1500));
  giveBack(first);
  assert.equal(isTakenNext(block), false);
  giveBack(second.subarray(1500));
  assert.equal(isTakenNext(block), true);
});

test('a block that is still read into is nobody elses, though nothing of it is lent', () => {
  const block = takeBlock();
  giveBack(lend(block, 0, 1000));
  assert.equal(isTakenNext(block), false);
  retire(block);
  assert.equal(isTakenNext(block), true);
});

test('other memory can be given back as well, and nothing comes of it', () => {
  const other = Buffer.alloc(1000);
  giveBack(other);
  const block = takeBlock();
  assert.notEqual(block.bytes.buffer, other.buffer);
  retire(block);
});
