import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { httpProbe } from '../../../../src/orchestrator/gate/probe.ts';

test('2xx is good; anything else is said', async () => {
  const status = { now: 200 };
  await withServer(
    (_request, response) => response.writeHead(status.now).end('x'.repeat(100_000)),
    async (port) => {
      const target = { host: '127.0.0.1', port, path: '/server/health' };
      assert.equal(await httpProbe(target), undefined);
      status.now = 503;
      assert.match((await httpProbe(target)) ?? '', /\/server\/health, answers 503/);
    },
  );
});

test('nobody there is said', async () => {
  const port = await withServer(
    () => undefined,
    async (its) => its,
  );
  const said = await httpProbe({ host: '127.0.0.1', port, path: '/' });
  assert.match(said ?? '', /does not answer: .*ECONNREFUSED/);
});

test('an abort is no answer', async () => {
  await withServer(
    () => undefined,
    async (port) => {
      const abort = new AbortController();
      const asked = httpProbe({ host: '127.0.0.1', port, path: '/' }, abort);
      abort.abort(new Error('enough'));
      await assert.rejects(asked, /enough/);
    },
  );
});

async function withServer<T>(
  listener: RequestListener,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
