import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startLatencyProxy, type LatencyProxy } from '../../../bench/latency-proxy.ts';
import { seededBytes } from '../../support/images.ts';

/** A proxy before a server that answers `content` to whatever comes first. */
async function setUp(t: TestContext, delayMs: number, content: Buffer): Promise<LatencyProxy> {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(content));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startLatencyProxy((server.address() as AddressInfo).port, delayMs);
  t.after(() => {
    proxy.close();
    server.close();
  });
  return proxy;
}

async function ask({ port }: LatencyProxy): Promise<{ answer: Buffer; ms: number }> {
  const started = performance.now();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('hello');
  const answer = await buffer(socket);
  return { answer, ms: performance.now() - started };
}

test('what goes through is unchanged, and counted', async (t) => {
  const content = seededBytes('proxied', 3_000_000);
  const proxy = await setUp(t, 0, content);
  const { answer } = await ask(proxy);
  assert.deepEqual(answer, content);
  assert.deepEqual(proxy.traffic, { connections: 1, up: 5, down: content.byteLength });
});

test('a first answer takes two round trips: one for the handshake', async (t) => {
  const proxy = await setUp(t, 20, Buffer.from('hello'));
  const { ms } = await ask(proxy);
  assert(ms >= 79, `${ms} ms`);
});

test('a large answer starts slowly: each round trip brings twice as much', async (t) => {
  const proxy = await setUp(t, 20, seededBytes('slow start', 400_000));
  const { ms, answer } = await ask(proxy);
  assert.equal(answer.byteLength, 400_000);
  // Two round trips for the first bytes, and about four more for 14 600 × 2 × 2 × 2 × 2.
  assert(ms >= 200, `${ms} ms`);
});

test('what is sent bit by bit from the first moment on arrives in order', async (t) => {
  const received: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('end', resolve);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startLatencyProxy((server.address() as AddressInfo).port, 15);
  t.after(() => {
    proxy.close();
    server.close();
  });
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  const content = seededBytes('in order', 20_000);
  for (let at = 0; at < content.byteLength; at += 200) {
    socket.write(content.subarray(at, at + 200));
    await setTimeout(at % 3 === 0 ? 1 : 0);
  }
  socket.end();
  await promise;
  assert(Buffer.concat(received).equals(content));
});
