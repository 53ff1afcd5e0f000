import type { IncomingMessage } from 'node:http';
import type { OnReadOpts, Socket } from 'node:net';
import { retire, takeBlock, type Block } from './blocks.ts';
import { shortenBody } from './large-body.ts';

/** What is read is copied out of here at once, so all connections can share it. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
/** TLS gives 16 KB at a time: so many are put together before anybody is called. */
const PIECE_BYTES = 64 * 1024;
/** A read into less than this is not worth its call. */
const LEAST_ROOM = 32 * 1024;

const readers = new WeakMap<Socket, BlockReader>();

/** A large body that bypasses Node's parser. */
interface LargeBody {
  /** Bytes still to come. */
  left: number;
  /** The byte that ends it, as far as the parser knows. */
  readonly end: Buffer;
  reader: LargeBodyReader | undefined;
}

interface LargeBodyReader {
  readonly answer: IncomingMessage;
  readonly onPiece: (piece: Buffer) => void;
}

/**
 * Reads a connection into memory that is used again. Node's parser copies every 64 KB of a body into
 * new memory, which lies outside the collector's heap, so that it comes too seldom; and each piece
 * costs the same however small it is. So a large body goes around the parser, in large pieces that
 * lie in blocks and are read into again once they were given back. All else the parser gets as ever.
 */
export class BlockReader {
  /** The option of `net.connect` and `tls.connect` that makes a socket read here. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#place(),
    callback: (length) => {
      this.#received(length);
      return true;
    },
  };
  #socket: Socket | undefined;
  #isLargeExpected = false;
  #body: LargeBody | undefined;
  #block: Block | undefined;
  /** Bytes of the block that are filled, and of those the ones already passed on. */
  #filled = 0;
  #passed = 0;
  /** Where the bytes that come next will lie. */
  #next: Buffer = scratch;
  #isFlushDue = false;

  /** Passes what is read on to those who listen to the socket. */
  attach(socket: Socket): void {
    this.#socket = socket;
    readers.set(socket, this);
    // Before anybody hears that it is closed, they must have what came before.
    socket.prependOnceListener('close', () => {
      this.#flush();
      this.#retireBlock();
    });
  }

  /** The next answer is wanted as a stream. */
  expectLarge(): void {
    this.#isLargeExpected = true;
  }

  /** Bytes of the answer's body, if it goes around the parser; that believes in another length. */
  get largeBodyBytes(): number | undefined {
    return this.#body?.left;
  }

  /** Begins to read a body that goes around the parser; nothing of it was read before. */
  readLarge(reader: LargeBodyReader): void {
    if (this.#body === undefined) throw new TypeError('the parser has this body');
    this.#body.reader = reader;
    this.#flush();
  }

  #place(): Buffer {
    if (this.#body === undefined) {
      this.#retireBlock();
      this.#next = scratch;
    } else {
      this.#block ??= takeBlock();
      this.#next = this.#block.bytes.subarray(this.#filled);
    }
    return this.#next;
  }

  #received(length: number): void {
    const bytes = this.#next.subarray(0, length);
    if (this.#body !== undefined) this.#keep(bytes);
    else if (this.#isLargeExpected) this.#begin(bytes);
    else this.#parse(Buffer.from(bytes));
  }

  /** The head of an answer, and perhaps the first of its body. */
  #begin(bytes: Buffer): void {
    this.#isLargeExpected = false;
    const large = shortenBody(bytes);
    if (large === undefined) {
      this.#parse(Buffer.from(bytes));
      return;
    }
    const { head, end, body, bodyBytes } = large;
    this.#body = { left: bodyBytes, end, reader: undefined };
    this.#block = takeBlock();
    this.#filled = body.copy(this.#block.bytes);
    // Nobody reads it yet.
    this.#socket?.pause();
    this.#parse(head);
  }

  #keep(bytes: Buffer): void {
    this.#filled += bytes.byteLength;
    const unpassed = this.#filled - this.#passed;
    const isFull = this.#next.byteLength - bytes.byteLength < LEAST_ROOM;
    const isEnd = unpassed >= (this.#body?.left ?? 0);
    if (isFull || isEnd || unpassed >= PIECE_BYTES) this.#flush();
    else this.#flushSoon();
    if (isFull) this.#retireBlock();
  }

  /** Not at once: more may be there already, and large pieces are what this is for. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const [block, body] = [this.#block, this.#body];
    if (block === undefined || body?.reader === undefined) return;
    const bytes = block.bytes.subarray(this.#passed, this.#filled);
    this.#passed = this.#filled;
    const piece = bytes.subarray(0, body.left);
    if (piece.byteLength > 0) {
      block.lent += piece.byteLength;
      body.left -= piece.byteLength;
      body.reader.onPiece(piece);
    }
    if (body.left > 0) return;
    this.#body = undefined;
    // Not earlier: an answer that flows takes the connection out of its pauses.
    body.reader.answer.resume();
    this.#parse(body.end);
    // Nothing was asked for that could be answered by more; the parser says what it is.
    if (bytes.byteLength > piece.byteLength) this.#parse(Buffer.from(bytes.subarray(piece.length)));
  }

  #parse(bytes: Buffer): void {
    this.#socket?.emit('data', bytes);
  }

  #retireBlock(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    this.#filled = 0;
    this.#passed = 0;
    retire(block);
  }
}

/** Whether and by whom a connection is read into blocks. */
export function blockReaderOf(socket: Socket): BlockReader | undefined {
  return readers.get(socket);
}
