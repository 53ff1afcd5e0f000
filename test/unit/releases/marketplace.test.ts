import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { ReleaseSourceError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import {
  createMarketplaceSource,
  type MarketplaceLimits,
  type MarketplaceOptions,
} from '../../../src/releases/marketplace.ts';
import type { ReleaseSource } from '../../../src/releases/release-source.ts';
import { Secret } from '../../../src/secret.ts';
import {
  MARKETPLACE_PATH,
  startMarketplace,
  type MarketplaceReply,
} from '../../support/marketplace.ts';

const TOKEN = 'the-token-itself';
const FAST: Partial<MarketplaceLimits> = { retries: 0, maxBackoffMs: 1 };

function sourceAt(url: string, options: Partial<MarketplaceOptions> = {}): ReleaseSource {
  return createMarketplaceSource({
    url,
    token: new Secret(TOKEN),
    env: {},
    ...options,
    limits: { ...FAST, ...options.limits },
  });
}

/** The error of a call that must fail; whatever it says, the token is not in it. */
async function refusal(source: ReleaseSource): Promise<ReleaseSourceError> {
  const error = await source.latest().then(
    (list) => assert.fail(`got ${JSON.stringify(list)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ReleaseSourceError, String(error));
  assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(TOKEN), 'the token leaked');
  return error;
}

/** A sentence of its own, at the end, which is not somebody else's words. */
function assertNextStep({ message }: ReleaseSourceError): void {
  assert.match(
    message,
    /\. (?:Check|The fault is|The next run|The API token|The token is|The proxy|This tenant|Too many) [^"]+\.$/,
  );
}

test('asks the endpoint once, with the token', async (t) => {
  const marketplace = await startMarketplace({
    token: TOKEN,
    releases: [{ image: 'a/b:1' }],
  });
  t.after(() => marketplace.close());
  const source = sourceAt(marketplace.url);
  assert.deepEqual((await source.latest()).releases, [{ image: 'a/b:1' }]);
  assert.deepEqual(marketplace.requests, [
    { method: 'GET', path: MARKETPLACE_PATH, authorization: `Bearer ${TOKEN}` },
  ]);
  assert.equal(source.location, `${marketplace.url}${MARKETPLACE_PATH}`);
});

describe('answers that are no releases', () => {
  const html = '<!doctype html><html><title>Sign in</title></html>';
  const cases: readonly (readonly [string, MarketplaceReply, RegExp, boolean])[] = [
    [
      '401',
      { status: 401, body: { detail: 'Could not validate credentials' } },
      /answered 401, saying "Could not validate credentials"\. The API token is wrong, expired or revoked: have a tenant admin create a new one/,
      false,
    ],
    ['403', { status: 403, body: '' }, /answered 403\. The API token is known but may not/, false],
    [
      '404',
      { status: 404, body: { detail: 'Not Found' } },
      /answered 404, saying "Not Found"\. This tenant has no such address/,
      false,
    ],
    [
      '409 wrapped in a 400',
      { status: 400, body: { status: 'error', message: 'Conflict', status_code: 409 } },
      /answered 400 \(409 within\), saying "Conflict"/,
      false,
    ],
    ['500', { status: 500, body: 'oops' }, /answered 500, saying "oops"\. The fault is at/, true],
    [
      '503 with a page',
      { status: 503, headers: { 'content-type': 'text/html' }, body: html },
      /answered 503\. The fault is at the service/,
      true,
    ],
    [
      'an error with status 200',
      { body: { status: 'error', message: 'no such tenant', status_code: 404 } },
      /answered with an error 404: "no such tenant", not with releases/,
      false,
    ],
    [
      'a sign-in page with status 200',
      { headers: { 'content-type': 'text/html; charset=utf-8' }, body: html },
      /answered with a web page where JSON was expected, as sign-in pages and proxies do/,
      false,
    ],
    [
      'a page that calls itself JSON',
      { body: `\n  ${html}` },
      /answered with a web page where JSON was expected/,
      false,
    ],
    ['an empty body', { body: ' ' }, /answered 200 with an empty body/, true],
    ['cut JSON', { body: '{"releases": [' }, /200 with something that is not JSON: "\{/, true],
    ['no content', { status: 204 }, /answered 204/, false],
    [
      'JSON that is HTML by type',
      {
        headers: { 'content-type': 'text/html' },
        body: '{"status": "error", "message": "x"}',
      },
      /an error: "x"/,
      true,
    ],
    [
      'a sign-in elsewhere',
      { status: 302, headers: { location: 'https://login.example/auth?next=%2F' } },
      /answered 302 and sends to "https:\/\/login\.example\/auth"\. The token is not sent/,
      false,
    ],
  ];
  for (const [name, reply, expected, retryable] of cases) {
    test(name, async (t) => {
      const marketplace = await startMarketplace();
      t.after(() => marketplace.close());
      marketplace.script(reply);
      const error = await refusal(sourceAt(marketplace.url));
      assert.match(error.message, expected);
      assertNextStep(error);
      assert.ok(error.message.startsWith(marketplace.url), error.message);
      assert.equal(error.retryable, retryable);
      assert.equal(marketplace.requests.length, 1);
    });
  }

  test('a service that repeats the token is not repeated', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ status: 401, body: { detail: `no such token: ${TOKEN}` } });
    const error = await refusal(sourceAt(marketplace.url));
    assert.match(error.message, /saying "no such token: \[secret\]"/);
  });

  test('a long answer is cut, and cannot forge a log line', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ status: 400, body: `\u{1b}[31m\nFAKE\u{202e}${'x'.repeat(100_000)}` });
    const { message } = await refusal(sourceAt(marketplace.url));
    assert.ok(message.length < 800);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  });
});

describe('retries', () => {
  test('failures that pass by themselves are asked again', async (t) => {
    const marketplace = await startMarketplace({ token: TOKEN });
    t.after(() => marketplace.close());
    marketplace.script({ status: 503 }, { hangUp: true }, { status: 429 });
    const logged: string[] = [];
    const source = sourceAt(marketplace.url, {
      limits: { retries: 3 },
      logger: createLogger(({ level, message, fields }) => {
        logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
      }),
    });
    assert.deepEqual((await source.latest()).releases, []);
    assert.equal(marketplace.requests.length, 4);
    assert.equal(logged.length, 3);
    assert.match(logged[0] ?? '', /^warn .*"status":503.*"attempt":1/);
    assert.ok(!logged.join().includes(TOKEN));
  });

  test('the others are not', async (t) => {
    for (const status of [400, 401, 403, 404]) {
      const marketplace = await startMarketplace();
      t.after(() => marketplace.close());
      marketplace.script({ status });
      await refusal(sourceAt(marketplace.url, { limits: { retries: 3 } }));
      assert.equal(marketplace.requests.length, 1);
    }
  });

  test('they end', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script(...Array.from({ length: 9 }, () => ({ status: 502 })));
    await refusal(sourceAt(marketplace.url, { limits: { retries: 2 } }));
    assert.equal(marketplace.requests.length, 3);
  });

  test('Retry-After is waited for', async (t) => {
    const marketplace = await startMarketplace({ token: TOKEN });
    t.after(() => marketplace.close());
    marketplace.script({ status: 429, headers: { 'retry-after': '1' } });
    const before = performance.now();
    await sourceAt(marketplace.url, { limits: { retries: 1 } }).latest();
    // Timers may fire a little early.
    assert.ok(performance.now() - before >= 990);
  });

  test('a Retry-After beyond the limit fails at once and says so', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ status: 429, headers: { 'retry-after': '7200' } });
    const error = await refusal(sourceAt(marketplace.url, { limits: { retries: 3 } }));
    assert.match(
      error.message,
      /answered 429\. Too many requests; it asks to wait \(Retry-After: "7200"\)/,
    );
    assert.equal(marketplace.requests.length, 1);
    assert.equal(error.retryable, true);
  });
});

describe('redirects', () => {
  test('the token goes to no other origin', async (t) => {
    const elsewhere = await startMarketplace({ token: TOKEN });
    t.after(() => elsewhere.close());
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    for (const status of [301, 302, 303, 307, 308]) {
      marketplace.script({ status, headers: { location: `${elsewhere.url}${MARKETPLACE_PATH}` } });
      const error = await refusal(sourceAt(marketplace.url));
      assert.match(error.message, /The token is not sent to another address/);
    }
    assert.deepEqual(elsewhere.requests, []);
  });

  test('within the origin they are followed', async (t) => {
    const marketplace = await startMarketplace({ token: TOKEN });
    t.after(() => marketplace.close());
    marketplace.script({ status: 307, headers: { location: MARKETPLACE_PATH } });
    await sourceAt(marketplace.url).latest();
    assert.equal(marketplace.requests.length, 2);
  });

  test('in a circle they end', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script(
      ...Array.from({ length: 20 }, () => ({
        status: 302,
        headers: { location: MARKETPLACE_PATH },
      })),
    );
    await refusal(sourceAt(marketplace.url));
    assert.ok(marketplace.requests.length < 10);
  });
});

describe('limits', () => {
  test('a silent server', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ silent: true });
    const error = await refusal(sourceAt(marketplace.url, { limits: { timeoutMs: 50 } }));
    assert.match(error.message, /no complete answer within 0\.05 s/);
    assert.equal(error.retryable, true);
  });

  test('an answer without end', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ body: `{"releases": [${'"x",'.repeat(100_000)}` });
    const error = await refusal(sourceAt(marketplace.url, { limits: { maxBytes: 10_000 } }));
    assert.match(error.message, /answered with more than 10000 bytes/);
  });

  test('the signal ends a request, and the wait between two', async (t) => {
    const marketplace = await startMarketplace();
    t.after(() => marketplace.close());
    marketplace.script({ silent: true }, { status: 503, headers: { 'retry-after': '60' } });
    for (const _ of ['a request', 'a wait']) {
      const stop = new AbortController();
      const reason = new Error('stop');
      const before = marketplace.requests.length;
      const latest = sourceAt(marketplace.url, { limits: { retries: 1 } }).latest({
        signal: stop.signal,
      });
      const settled = latest.catch((error: unknown) => error);
      while (marketplace.requests.length === before) await new Promise(setImmediate);
      stop.abort(reason);
      assert.equal(await settled, reason);
    }
  });
});

describe('no answer', () => {
  test('nobody listens', async () => {
    const marketplace = await startMarketplace();
    await marketplace.close();
    const error = await refusal(sourceAt(marketplace.url));
    assert.match(error.message, /could not be had from http:.*ECONNREFUSED/);
    assert.equal(error.retryable, true);
  });
});

/** Takes note of what it is asked for, and refuses. */
async function startProxy(): Promise<{ server: Server; url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('a proxy', () => {
  test('of HTTPS_PROXY is asked for the tenant, without the token', async () => {
    const { server, url, asked } = await startProxy();
    try {
      const env = { HTTPS_PROXY: url.replace('//', '//user:proxy-password@') };
      const error = await refusal(sourceAt('https://acme.atlan.com', { env }));
      assert.deepEqual(asked, ['acme.atlan.com:443']);
      assert.match(error.message, /\(HTTPS_PROXY is set\)/);
      assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /proxy-password/);
    } finally {
      server.close();
    }
  });

  test('is not asked for what NO_PROXY names, nor for loopback over http', async (t) => {
    const { server, url, asked } = await startProxy();
    const marketplace = await startMarketplace({ token: TOKEN });
    t.after(() => marketplace.close());
    const overTls = marketplace.url.replace('http:', 'https:');
    try {
      const env = { HTTPS_PROXY: url, HTTP_PROXY: url };
      await sourceAt(marketplace.url, { env }).latest();
      await refusal(sourceAt(overTls, { env: { ...env, NO_PROXY: '127.0.0.1' } }));
      assert.deepEqual(asked, []);
      await refusal(sourceAt(overTls, { env }));
      assert.equal(asked.length, 1);
    } finally {
      server.close();
    }
  });
});
