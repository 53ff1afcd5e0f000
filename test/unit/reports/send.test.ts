import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { ReportError } from '../../../src/errors.ts';
import { pushgatewayParcel } from '../../../src/reports/pushgateway.ts';
import { send, type Parcel, type SendLimits } from '../../../src/reports/send.ts';
import { Secret } from '../../../src/secret.ts';
import { freePort } from '../../support/servers/server-process.ts';
import { startScripted, type ScriptedAnswer } from '../../support/scripted-server.ts';

const LIMITS: SendLimits = { retries: 2, maxPauseMs: 1, timeoutMs: 1000 };

function parcelTo(url: string): Parcel {
  return {
    to: 'the webhook of notify.webhook',
    url: new Secret(url),
    contentType: 'application/json',
    body: '{"text":"ü"}',
    hint: 'Check it.',
  };
}

async function sendTo(url: string, limits: Partial<SendLimits> = {}): Promise<void> {
  await send(parcelTo(url), { env: {}, limits: { ...LIMITS, ...limits } });
}

async function failureOf(sending: Promise<void>): Promise<string> {
  let failure: unknown;
  await assert.rejects(sending, (error) => {
    failure = error;
    return true;
  });
  assert.ok(failure instanceof ReportError, String(failure));
  assert.equal(failure.code, 'REPORT_UNDELIVERABLE');
  assert.equal(failure.cause, undefined, 'a cause would carry the address');
  return failure.message;
}

test('posts the body as it is, once', async (t) => {
  const server = await startScripted(t, () => ({ status: 200 }));
  await sendTo(`${server.url}/hook?key=1`);
  assert.deepEqual(server.log, ['POST /hook?key=1']);
  const [request] = server.requests;
  assert.equal(request?.body.toString(), '{"text":"ü"}');
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.equal(request?.headers.authorization, undefined);
});

test('user and password of the address go into a header, and nowhere else', async (t) => {
  const server = await startScripted(t, () => ({ status: 200 }));
  await sendTo(server.url.replace('http://', 'http://ci:p%40ss@'));
  const [request] = server.requests;
  const expected = `Basic ${Buffer.from('ci:p@ss').toString('base64')}`;
  assert.equal(request?.headers.authorization, expected);
  assert.doesNotMatch(`${request?.path} ${request?.headers.host}`, /p.*ss/);
});

for (const status of [408, 429, 500, 503]) {
  test(`${status} is tried again, three times in all`, async (t) => {
    const answers: ScriptedAnswer[] = [{ status }, { status }, { status: 200 }];
    const server = await startScripted(t, () => answers.shift() ?? { status: 200 });
    await sendTo(server.url);
    assert.equal(server.requests.length, 3);

    const away = await startScripted(t, () => ({ status }));
    const message = await failureOf(sendTo(away.url));
    assert.equal(
      message,
      `the webhook of notify.webhook answered ${status}. The next run tries again.`,
    );
    assert.equal(away.requests.length, 3);
  });
}

describe('is not tried again, and says what to look at', () => {
  for (const status of [400, 403, 404, 410]) {
    test(String(status), async (t) => {
      const server = await startScripted(t, () => ({ status, body: 'https://SECRET' }));
      const message = await failureOf(sendTo(`${server.url}/SECRET`));
      assert.equal(message, `the webhook of notify.webhook answered ${status}. Check it.`);
      assert.equal(server.requests.length, 1);
    });
  }

  test('a redirect, which leads to somebody else', async (t) => {
    const other = await startScripted(t, () => ({ status: 200 }));
    const server = await startScripted(t, () => ({
      status: 307,
      headers: { location: `${other.url}/SECRET` },
    }));
    assert.match(await failureOf(sendTo(server.url)), /answered 307\. Check it\./);
    assert.deepEqual(other.log, []);
  });
});

describe('an address that does not answer is told in words, without it', () => {
  test('nobody listens', async () => {
    const port = await freePort();
    const message = await failureOf(sendTo(`http://127.0.0.1:${port}/SECRET`, { retries: 0 }));
    assert.match(message, /was not reached: nothing listens at that address\.$/);
  });

  test('it is silent', async (t) => {
    const server = await startScripted(t, () => 'silent');
    const message = await failureOf(sendTo(`${server.url}/SECRET`, { retries: 0, timeoutMs: 30 }));
    assert.match(message, /was not reached: no answer in time\.$/);
  });

  test('it cuts the connection', async (t) => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as { readonly port: number };
    const message = await failureOf(sendTo(`http://127.0.0.1:${port}/SECRET`, { retries: 0 }));
    assert.match(message, /was not reached: the connection was cut\.$/);
  });

  test('the time is over', async (t) => {
    const server = await startScripted(t, () => 'silent');
    const signal = AbortSignal.timeout(30);
    const sending = send(parcelTo(`${server.url}/SECRET`), { env: {}, limits: LIMITS, signal });
    assert.match(await failureOf(sending), /was not reached: there was no time left for it\.$/);
  });
});

function urlFor(url: string): string {
  return pushgatewayParcel(new Secret(url), 'x 1\n', 's3://acme/map.yaml').url.reveal();
}

describe('where a Pushgateway gets its metrics', () => {
  const label = Buffer.from('s3://acme/map.yaml').toString('base64url');

  for (const [given, expected] of [
    ['http://push:9091', `http://push:9091/metrics/job/sdr_mirror/map@base64/${label}`],
    ['http://push:9091/', `http://push:9091/metrics/job/sdr_mirror/map@base64/${label}`],
    ['https://m/push/', `https://m/push/metrics/job/sdr_mirror/map@base64/${label}`],
    ['http://push/metrics/job/own/shard/3', 'http://push/metrics/job/own/shard/3'],
  ] as const) {
    test(given, () => {
      assert.equal(urlFor(given), expected);
    });
  }
});
