import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { readBody } from '../../../../src/registry/http/body.ts';
import { StalledError } from '../../../../src/registry/http/stall.ts';
import {
  Transport,
  type HttpRequest,
  type TransportOptions,
} from '../../../../src/registry/http/transport.ts';
import { startScripted } from '../../../support/scripted-server.ts';

function open(test: TestContext, options: Partial<TransportOptions> = {}): Transport {
  const transport = new Transport({
    env: {},
    userAgent: 'sdr-mirror/test',
    stallMs: 5000,
    connectMs: 5000,
    ...options,
  });
  test.after(() => transport.close());
  return transport;
}

function request(url: string, options: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url: new URL(url), headers: {}, guarded: false, ...options };
}

test('says who asks, and never accepts a compressed answer', async (t) => {
  const server = await startScripted(t, () => ({ status: 200, body: 'hello' }));
  const response = await open(t).send(request(`${server.url}/v2/?a=b%2Fc`));
  assert.equal((await readBody(response, 100)).toString(), 'hello');
  assert.equal(server.requests[0]?.headers['user-agent'], 'sdr-mirror/test');
  assert.equal(server.requests[0]?.headers['accept-encoding'], 'identity');
  assert.equal(server.requests[0]?.path, '/v2/?a=b%2Fc');
});

test('says the length of every body, an empty one included', async (t) => {
  const server = await startScripted(t, () => ({ status: 201 }));
  const transport = open(t);
  const bodies = [undefined, Buffer.from('abc'), { stream: Readable.from(['de']), length: 2 }];
  for (const body of bodies) {
    await readBody(await transport.send(request(server.url, { method: 'PUT', body })), 0);
  }
  const seen = server.requests.map(({ headers, body }) => [
    headers['content-length'],
    headers['transfer-encoding'],
    body.toString(),
  ]);
  assert.deepEqual(seen, [
    ['0', undefined, ''],
    ['3', undefined, 'abc'],
    ['2', undefined, 'de'],
  ]);
});

test('takes up a kept connection again', async (t) => {
  const ports = new Set<number | undefined>();
  const server = createTcpServer((socket) => {
    ports.add(socket.remotePort);
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const transport = open(t);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let times = 0; times < 3; times += 1) {
    await readBody(await transport.send(request(url)), 0);
  }
  assert.equal(ports.size, 1);
});

test('a kept connection that the server closed meanwhile is no failure', async (t) => {
  let answered = 0;
  const server = createTcpServer((socket) => {
    let requests = 0;
    socket.on('data', () => {
      requests += 1;
      // The second request on a connection finds it closed.
      if (requests > 1) {
        socket.destroy();
        return;
      }
      answered += 1;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const transport = open(t);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let times = 0; times < 3; times += 1) {
    await readBody(await transport.send(request(url)), 0);
  }
  assert.equal(answered, 3);
});

test('a silent server is given up on', async (t) => {
  const server = await startScripted(t, () => 'silent');
  await assert.rejects(open(t, { stallMs: 30 }).send(request(server.url)), StalledError);
});

test('an answer that falls silent in the middle is given up on', async (t) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const response = await open(t, { stallMs: 30 }).send(request(url));
  await assert.rejects(readBody(response, 100), StalledError);
});

/** A server that answers with this first, and then with `drip` again and again. */
async function dripping(t: TestContext, first: string, drip: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(first);
      const timer = setInterval(() => socket.write(drip), 10);
      socket.once('close', () => clearInterval(timer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('an answer that comes for ever is given up on, though it is never silent', async (t) => {
  const body = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n';
  const signal = AbortSignal.timeout(30_000);
  const answers = [
    ['HTTP/1.1 200 OK\r\nx: ', 'y'],
    ['', 'HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n'],
    ['', 'HTTP/1.1 100 Continue\r\n\r\n'],
    [body, ' '],
  ] as const;
  await Promise.all(
    answers.map(async ([first, drip]) => {
      const url = await dripping(t, first, drip);
      const transport = open(t, { stallMs: 200 });
      const whole = async (): Promise<unknown> =>
        readBody(await transport.send(request(url, { signal })), 2_000_000);
      await assert.rejects(whole(), StalledError, `${first}${drip}`);
    }),
  );
  const transport = open(t, { stallMs: 1000 });
  const url = await dripping(t, 'HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(1000)}\r\n`);
  await assert.rejects(transport.send(request(url)), { code: 'HPE_HEADER_OVERFLOW' });
});

test('a body that is read as a stream may take its time', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 120\r\n\r\n';
  const url = await dripping(t, head, 'z');
  const { body } = await open(t, { stallMs: 200 }).send(request(url, { asStream: true }));
  let length = 0;
  for await (const chunk of body) length += (chunk as Buffer).byteLength;
  assert.equal(length, 120);
});

test('a slow producer of what is sent is not the server being silent', async (t) => {
  const server = await startScripted(t, () => ({ status: 201 }));
  const stallMs = 500;
  const slow = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('a');
    await new Promise((resolve) => setTimeout(resolve, 1.2 * stallMs));
    yield Buffer.from('b');
  };
  const body = { stream: Readable.from(slow(), { objectMode: false }), length: 2 };
  const response = await open(t, { stallMs }).send(request(server.url, { method: 'PUT', body }));
  assert.equal(response.status, 201);
  assert.equal(server.requests[0]?.body.toString(), 'ab');
});

test('a reader that pauses is not the server being silent', async (t) => {
  const content = Buffer.alloc(1_000_000, 'x');
  const server = await startScripted(t, () => ({ status: 200, body: content }));
  const stallMs = 500;
  const { body } = await open(t, { stallMs }).send(request(server.url));
  let length = 0;
  for await (const chunk of body) {
    if (length === 0) await new Promise((resolve) => setTimeout(resolve, 1.2 * stallMs));
    length += (chunk as Buffer).byteLength;
  }
  assert.equal(length, content.byteLength);
});

test('an abandoned request rejects with the reason, before and after the answer', async (t) => {
  const server = await startScripted(t, ({ path }) =>
    path === '/silent' ? 'silent' : { status: 200, body: 'x'.repeat(1_000_000) },
  );
  const transport = open(t);
  const reason = new Error('SIGTERM');
  const early = new AbortController();
  const waiting = transport.send(request(`${server.url}/silent`, { signal: early.signal }));
  early.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  const late = new AbortController();
  const response = await transport.send(request(server.url, { signal: late.signal }));
  const reading = readBody(response, 1e9);
  late.abort(reason);
  await assert.rejects(reading, (error) => error === reason);
  await assert.rejects(
    transport.send(request(server.url, { signal: late.signal })),
    (error) => error === reason,
  );
});

test('a refusal that comes before the body was sent is heard, and ends the sending', async (t) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig');
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
  });
  const body = { stream: endless, length: 1e12 };
  const response = await open(t).send(request(url, { method: 'PUT', body }));
  assert.equal(response.status, 413);
  assert.equal((await readBody(response, 100)).toString(), 'big');
  assert.equal(endless.destroyed, true);
});

test('content that fails, is short or is long never passes as complete', async (t) => {
  const server = await startScripted(t, () => ({ status: 201 }));
  const transport = open(t);
  const put = async (stream: Readable, length: number): Promise<unknown> =>
    transport.send(request(server.url, { method: 'PUT', body: { stream, length } }));
  const failing = Readable.from(
    (async function* () {
      yield Buffer.from('ab');
      throw new Error('the source broke');
    })(),
  );
  await assert.rejects(put(failing, 10), /the source broke/);
  await assert.rejects(put(Readable.from([Buffer.from('ab')]), 3), /ended 1 bytes early/);
  await assert.rejects(put(Readable.from([Buffer.from('abcd')]), 3), /longer than 3 bytes/);
  assert.deepEqual(server.log, []);
});

test('an answer larger than allowed is not read, or only its start', async (t) => {
  const server = await startScripted(t, () => ({ status: 200, body: 'x'.repeat(1000) }));
  const transport = open(t);
  await assert.rejects(readBody(await transport.send(request(server.url)), 999), /over 999 bytes/);
  assert.equal((await readBody(await transport.send(request(server.url)), 1000)).byteLength, 1000);
  const start = await readBody(await transport.send(request(server.url)), 10, 'cut');
  assert.equal(start.toString(), 'xxxxxxxxxx');
});

test('an answer that ends too early is not taken for whole', async (t) => {
  const server = await startScripted(t, () => ({ status: 200, body: 'abcdef', cutAfter: 3 }));
  await assert.rejects(readBody(await open(t).send(request(server.url)), 100));
});

test('a proxy of the environment is used, but not for the machine itself', async (t) => {
  const proxy = await startScripted(t, () => ({ status: 200, body: 'by proxy' }));
  const direct = await startScripted(t, () => ({ status: 200, body: 'direct' }));
  const transport = open(t, { env: { HTTP_PROXY: proxy.url, NO_PROXY: 'other.example' } });
  const ask = async (url: string): Promise<string> =>
    (await readBody(await transport.send(request(url)), 100)).toString();
  assert.equal(await ask(direct.url), 'direct');
  assert.equal(await ask('http://registry.example/v2/'), 'by proxy');
  assert.deepEqual(proxy.log, ['GET http://registry.example/v2/']);
});

test('a proxy that cannot be one is an error of the configuration, its password kept', (t) => {
  for (const proxy of ['socks5://user:hunter2@proxy.example', 'hunter2', 'proxy.example:8080']) {
    assert.throws(
      () => open(t, { env: { HTTPS_PROXY: proxy } }),
      (error) => {
        assert(error instanceof ConfigError);
        assert.match(error.message, /HTTPS_PROXY is not a usable proxy/);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
});

test('a guarded request is refused before anything is sent', async (t) => {
  const server = await startScripted(t, () => ({ status: 200 }));
  const transport = open(t, {
    lookup: (_host, options, callback) => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    },
  });
  const named = new URL(server.url);
  named.hostname = 'rebound.example';
  await assert.rejects(transport.send(request(server.url, { guarded: true })), /not a public one/);
  await assert.rejects(transport.send(request(named.href, { guarded: true })), /not a public one/);
  assert.deepEqual(server.log, []);
  // The same name unguarded gets through, and leaves a connection that a guarded one must not use.
  assert.equal((await transport.send(request(named.href))).status, 200);
  await assert.rejects(transport.send(request(named.href, { guarded: true })), /not a public one/);
});

test('content that failed before it was sent fails the request at once', async (t) => {
  const server = await startScripted(t, () => ({ status: 201 }));
  const stream = Readable.from([Buffer.from('ab')]);
  const closed = once(stream, 'error');
  stream.destroy(new Error('the source broke early'));
  await closed;
  const body = { stream, length: 2 };
  // Far less than the stall limit, which would end it otherwise.
  const sending = open(t).send(
    request(server.url, { method: 'PUT', body, signal: AbortSignal.timeout(2000) }),
  );
  await assert.rejects(sending, /the source broke early/);
});
