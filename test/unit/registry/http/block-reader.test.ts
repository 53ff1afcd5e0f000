import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { giveBack } from '../../../../src/registry/http/blocks.ts';
import { readBody } from '../../../../src/registry/http/body.ts';
import { IncomingBody } from '../../../../src/registry/http/incoming-body.ts';
import { Transport, type HttpResponse } from '../../../../src/registry/http/transport.ts';
import { seededBytes } from '../../../support/images.ts';

const CONTENT = seededBytes('large', 3_000_000);
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${CONTENT.byteLength}\r\n\r\n`;

interface World {
  readonly ask: (asStream: boolean) => Promise<HttpResponse>;
  /** Connections that were opened. */
  readonly sockets: readonly Socket[];
}

/** A server that writes, for each request it hears, what is next. */
async function setUp(
  t: TestContext,
  ...answers: readonly ((socket: Socket) => void | Promise<void>)[]
): Promise<World> {
  const sockets: Socket[] = [];
  const left = [...answers];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => void left.shift()?.(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const transport = new Transport({
    env: {},
    userAgent: 'test',
    stallMs: 5000,
    connectMs: 5000,
  });
  t.after(() => {
    transport.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    sockets,
    ask: async (asStream) =>
      transport.send({ method: 'GET', url, headers: {}, asStream, guarded: false }),
  };
}

/** Reads a body and gives each piece back, after a while for some. */
async function read({ body: message }: HttpResponse): Promise<{
  readonly bytes: Buffer;
  readonly pieces: number;
  readonly complete: boolean;
}> {
  const body = new IncomingBody(message);
  const copies: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  body.start({
    data: (piece) => {
      const isLate = copies.length % 3 === 0;
      if (!isLate) {
        copies.push(Buffer.from(piece));
        giveBack(piece);
        return;
      }
      const place = copies.push(Buffer.alloc(0)) - 1;
      setImmediate(() => {
        copies[place] = Buffer.from(piece);
        giveBack(piece);
      });
    },
    end: () => resolve(),
  });
  await promise;
  await nextTurn();
  return { bytes: Buffer.concat(copies), pieces: copies.length, complete: body.complete };
}

const large = (socket: Socket): void => {
  socket.write(HEAD);
  socket.write(CONTENT);
};

const small = (socket: Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
};

test('a large body comes unchanged, in few pieces, and its length is told', async (t) => {
  const { ask } = await setUp(t, large);
  const response = await ask(true);
  assert.equal(response.headers['content-length'], String(CONTENT.byteLength));
  const { bytes, pieces, complete } = await read(response);
  assert(bytes.equals(CONTENT));
  assert(complete);
  assert(pieces < 100, `${pieces} pieces`);
});

test('its connection serves the next request, large or small', async (t) => {
  const { ask, sockets } = await setUp(t, large, small, large, large);
  assert((await read(await ask(true))).bytes.equals(CONTENT));
  assert.equal((await readBody(await ask(false), 100)).toString(), 'hello');
  for (let i = 0; i < 2; i += 1) assert((await read(await ask(true))).bytes.equals(CONTENT));
  assert.equal(sockets.length, 1);
});

test('an answer that is to be read whole is, however large', async (t) => {
  const { ask } = await setUp(t, large);
  assert((await readBody(await ask(false), 4_000_000)).equals(CONTENT));
});

test('a head that comes bit by bit, and one with all of a small body, are read as ever', async (t) => {
  const { ask, sockets } = await setUp(
    t,
    async (socket) => {
      for (const part of [HEAD.slice(0, 20), HEAD.slice(20)]) {
        socket.write(part);
        await nextTurn();
        await nextTurn();
      }
      socket.write(CONTENT);
    },
    small,
  );
  assert((await read(await ask(true))).bytes.equals(CONTENT));
  assert.equal((await read(await ask(true))).bytes.toString(), 'hello');
  assert.equal(sockets.length, 1);
});

test('a body cut off is not complete; what came is passed on', async (t) => {
  const { ask } = await setUp(t, (socket) => {
    socket.write(HEAD);
    socket.end(CONTENT.subarray(0, 1_234_567));
  });
  const { bytes, complete } = await read(await ask(true));
  assert(bytes.equals(CONTENT.subarray(0, 1_234_567)));
  assert.equal(complete, false);
});

test('a server that closes after the last byte has sent it all', async (t) => {
  const { ask } = await setUp(t, (socket) => {
    socket.write(HEAD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    socket.end(CONTENT);
  });
  const { bytes, complete } = await read(await ask(true));
  assert(bytes.equals(CONTENT));
  assert(complete);
});

test('nothing is read before somebody reads, nor while they pause', async (t) => {
  const { ask } = await setUp(t, large);
  const response = await ask(true);
  for (let i = 0; i < 20; i += 1) await nextTurn();
  const { bytesRead } = response.body.socket;
  assert(bytesRead <= 64 * 1024, `${bytesRead} bytes though nobody reads`);
  const body = new IncomingBody(response.body);
  const pieces: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const received = (): number => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  body.pause();
  body.start({ data: (piece) => pieces.push(Buffer.from(piece)), end: () => resolve() });
  for (let i = 0; i < 20; i += 1) await nextTurn();
  assert(received() <= 64 * 1024, `${received()} bytes though paused`);
  body.resume();
  await promise;
  assert(Buffer.concat(pieces).equals(CONTENT));
});

test('more than was announced is not part of the body', async (t) => {
  const { ask } = await setUp(t, (socket) => {
    socket.write(HEAD);
    socket.write(Buffer.concat([CONTENT, Buffer.from('more')]));
  });
  const { bytes } = await read(await ask(true));
  assert(bytes.equals(CONTENT));
});
