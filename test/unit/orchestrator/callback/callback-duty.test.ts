import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import { createCallbackDuty } from '../../../../src/orchestrator/callback/callback-duty.ts';
import type { DeploymentEvent } from '../../../../src/orchestrator/callback/deployment-event.ts';
import { openOutbox, type Outbox } from '../../../../src/orchestrator/callback/outbox.ts';
import type { Duty } from '../../../../src/orchestrator/duty.ts';
import type { TokenSource } from '../../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../../src/secret.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import {
  json,
  startScripted,
  type Script,
  type ScriptedServer,
} from '../../../support/scripted-server.ts';
import { temporaryFolder, waitFor } from '../../../support/servers/server-process.ts';
import { deploymentEvent } from '../../../support/temporal/events.ts';

interface Scene {
  readonly duty: Duty;
  readonly outbox: Outbox;
  readonly folder: string;
  readonly server: ScriptedServer;
  readonly clock: ManualClock;
  readonly lines: readonly LogRecord[];
  /** Resolves once so many requests have arrived and their answers were dealt with. */
  readonly seen: (count: number) => Promise<void>;
}

/** Tokens `token-1`, `token-2`, …: a new one after each refusal. */
function countingTokens(): TokenSource {
  let count = 1;
  return {
    token: async () => ({ value: new Secret(`token-${count}`), refreshAt: Infinity }),
    refused: () => {
      count += 1;
    },
  };
}

async function scene(t: TestContext, script: Script): Promise<Scene> {
  const { path, remove } = await temporaryFolder('callback');
  const server = await startScripted(t, script);
  const clock = new ManualClock();
  const outbox = await openOutbox({ folder: path, clock });
  const lines: LogRecord[] = [];
  const duty = createCallbackDuty({
    target: { url: new URL(`${server.url}/callback`), tokens: countingTokens(), env: {} },
    outbox,
    clock,
    logger: createLogger((line) => lines.push(line)),
  });
  t.after(async () => {
    await duty.stop();
    await remove();
  });
  const seen = async (count: number): Promise<void> => {
    await waitFor(`${count} requests`, () =>
      // The duty sleeps when it has dealt with what it got.
      server.requests.length >= count && clock.nextWakeMs !== Infinity ? true : undefined,
    );
    assert.equal(server.requests.length, count);
  };
  return { duty, outbox, server, clock, lines, seen, folder: path };
}

function received(server: ScriptedServer): string[] {
  return server.requests.map(({ body }) => (JSON.parse(body.toString()) as DeploymentEvent).id);
}

const ok = (): ReturnType<typeof json> => json(200, {});

test('delivers what it finds and what comes, signed and with its id as the key', async (t) => {
  const { duty, outbox, server, seen } = await scene(t, ok);
  const first = deploymentEvent({ id: 'a' });
  await outbox.put(first);
  await duty.start();
  await seen(1);
  await outbox.put(deploymentEvent({ id: 'b' }));
  await seen(2);
  const [request] = server.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request.path, '/callback');
  assert.equal(request.headers.authorization, 'Bearer token-1');
  assert.equal(request.headers['idempotency-key'], 'a');
  assert.deepEqual(JSON.parse(request.body.toString()), first);
  assert.deepEqual(received(server), ['a', 'b']);
  assert.deepEqual(await outbox.entries(), []);
});

test('what another process leaves is found within a minute', async (t) => {
  const { duty, seen, clock, folder } = await scene(t, ok);
  await duty.start();
  await seen(0);
  const another = await openOutbox({ folder, clock });
  await another.put(deploymentEvent());
  await clock.advance(59_000);
  await seen(0);
  await clock.advance(1_000);
  await seen(1);
});

test('a service that is away is asked again, ever less often, and in order', async (t) => {
  let isDown = true;
  const { duty, outbox, server, clock, seen } = await scene(t, () => (isDown ? 'cut' : ok()));
  await outbox.put(deploymentEvent({ id: 'a' }));
  await outbox.put(deploymentEvent({ id: 'b' }));
  await duty.start();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await seen(attempt);
    waits.push(clock.nextWakeMs);
    await clock.advance(clock.nextWakeMs);
  }
  assert.deepEqual(waits.slice(0, 4), [1_500, 3_000, 6_000, 12_000]);
  assert.equal(waits.at(-1), 225_000);
  await seen(11);
  isDown = false;
  await clock.advance(clock.nextWakeMs);
  await seen(13);
  assert.deepEqual(received(server).slice(-2), ['a', 'b']);
  assert.deepEqual(await outbox.entries(), []);
});

test('a service that asks for patience gets it', async (t) => {
  const { outbox, duty, clock, seen } = await scene(t, () =>
    json(429, {}, { 'retry-after': '120' }),
  );
  await outbox.put(deploymentEvent());
  await duty.start();
  await seen(1);
  assert.equal(clock.nextWakeMs, 120_000);
});

test('a token that is refused is replaced', async (t) => {
  const { duty, outbox, clock, seen } = await scene(t, ({ headers }) =>
    headers.authorization === 'Bearer token-1' ? json(401, {}) : ok(),
  );
  await outbox.put(deploymentEvent());
  await duty.start();
  await seen(1);
  await clock.advance(clock.nextWakeMs);
  await seen(2);
  assert.deepEqual(await outbox.entries(), []);
});

test('an event the service chokes on holds up its own app alone', async (t) => {
  const { duty, outbox, server, seen } = await scene(t, ({ headers }) =>
    headers['idempotency-key'] === 'bad' ? json(500, {}) : ok(),
  );
  await outbox.put(deploymentEvent({ id: 'bad' }));
  await outbox.put(deploymentEvent({ id: 'next' }));
  await outbox.put(deploymentEvent({ id: 'other', app: 'snowflake' }));
  await duty.start();
  await seen(2);
  assert.deepEqual(received(server), ['bad', 'other']);
  assert.deepEqual(
    (await outbox.entries()).map(({ event }) => event.id),
    ['bad', 'next'],
  );
});

describe('an event that', () => {
  for (const [status, what] of [
    [204, 'is taken'],
    [409, 'is known already'],
  ] as const) {
    test(`${what} is done with`, async (t) => {
      const { duty, outbox, seen, lines } = await scene(t, () => ({ status }));
      await outbox.put(deploymentEvent());
      await duty.start();
      await seen(1);
      assert.deepEqual(await outbox.entries(), []);
      assert.ok(lines.every(({ level }) => level === 'info'));
    });
  }

  test('will never be taken is dropped, and said; no token is in it', async (t) => {
    const { duty, outbox, seen, lines } = await scene(t, ({ headers }) =>
      json(422, { detail: `odd: ${headers.authorization}` }),
    );
    await outbox.put(deploymentEvent());
    await duty.start();
    await seen(1);
    assert.deepEqual(await outbox.entries(), []);
    const [line] = lines;
    assert.equal(line?.level, 'error');
    assert.match(String(line.fields['reason']), /answered 422, saying .*Bearer \[secret\]/);
  });

  test('is answered by a wrong address is kept, with a word on what to check', async (t) => {
    const { duty, outbox, seen, lines } = await scene(t, () => json(404, {}));
    await outbox.put(deploymentEvent());
    await duty.start();
    await seen(1);
    assert.equal((await outbox.entries()).length, 1);
    assert.match(String(lines[0]?.fields['reason']), /no callback at this address/);
  });
});

test('a stop breaks off what is being sent, which is sent again after a start', async (t) => {
  let isSilent = true;
  const { duty, outbox, server, seen } = await scene(t, () => (isSilent ? 'silent' : ok()));
  await outbox.put(deploymentEvent());
  await duty.start();
  await waitFor('the request', () => (server.requests.length === 1 ? true : undefined));
  await duty.stop();
  assert.equal((await outbox.entries()).length, 1);
  isSilent = false;
  await duty.start();
  await seen(2);
  assert.deepEqual(await outbox.entries(), []);
});
