import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, ControlPlaneError } from '../../../../src/errors.ts';
import {
  createTemporalDuty,
  type TemporalDuty,
} from '../../../../src/orchestrator/temporal/duty.ts';
import type { TemporalSettings } from '../../../../src/orchestrator/temporal/connection.ts';
import type { Token, TokenSource } from '../../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../../src/secret.ts';
import { FakeCommands, untilAborted } from '../../../fakes/fake-commands.ts';
import { ManualClock, settle } from '../../../fakes/manual-clock.ts';
import { FakeTemporalSdk } from '../../../fakes/temporal-sdk.ts';

const UNAUTHENTICATED = 16;
const SETTINGS: TemporalSettings = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  taskQueue: 'atlan-sdr-prod',
  tls: undefined,
};

/** Gives out `token-1`, `token-2`, …, each good for ten minutes and renewed after five. */
class FakeTokens implements TokenSource {
  count = 0;
  isDown = false;
  #kept: Token | undefined;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async token(): Promise<Token> {
    if (this.#kept !== undefined && this.#clock.now() < this.#kept.refreshAt) return this.#kept;
    if (this.isDown) throw new ControlPlaneError('TOKEN_UNAVAILABLE', 'the token service is down');
    this.count += 1;
    this.#kept = {
      value: new Secret(`token-${this.count}`),
      refreshAt: this.#clock.now() + 300_000,
    };
    return this.#kept;
  }

  refused(token: Token): void {
    if (this.#kept === token) this.#kept = undefined;
  }
}

interface Scene {
  readonly duty: TemporalDuty;
  readonly fake: FakeTemporalSdk;
  readonly clock: ManualClock;
  readonly tokens: FakeTokens;
  readonly commands: FakeCommands;
}

function scene(): Scene {
  const fake = new FakeTemporalSdk();
  const clock = new ManualClock();
  const tokens = new FakeTokens(clock);
  const commands = new FakeCommands();
  const duty = createTemporalDuty({
    sdk: fake.sdk,
    settings: SETTINGS,
    tokens,
    commands,
    bundle: 'workflow-bundle.js',
    env: {},
    clock,
  });
  return { duty, fake, clock, tokens, commands };
}

function refuse(): never {
  throw Object.assign(new Error('16 UNAUTHENTICATED'), {
    code: UNAUTHENTICATED,
    details: 'Request unauthorized.',
  });
}

test('polls the queue of the deployment, with a token, once the namespace is its own', async () => {
  const { duty, fake } = scene();
  await duty.start();
  assert.equal(fake.worker.taskQueue, 'atlan-sdr-prod');
  assert.deepEqual(fake.connections[0]?.apiKeys, ['token-1']);
  assert.deepEqual(fake.connections[0]?.namespaces, ['default']);
  assert.equal(duty.status().state, 'polling');
  await duty.stop();
  assert.equal(duty.status().state, 'off');
  assert.equal(fake.connections[0]?.isClosed, true);
});

test('starting and stopping twice changes nothing, and it can start again', async () => {
  const { duty, fake } = scene();
  await Promise.all([duty.start(), duty.start()]);
  await Promise.all([duty.stop(), duty.stop()]);
  await duty.stop();
  await duty.start();
  assert.equal(fake.workers.length, 2);
  assert.equal(duty.status().state, 'polling');
  await duty.stop();
});

test('a proxy that cannot be used is said before anything begins', () => {
  const { fake, commands } = scene();
  assert.throws(
    () =>
      createTemporalDuty({
        sdk: fake.sdk,
        settings: { ...SETTINGS, address: 'acme-temporal.atlan.com:443' },
        commands,
        bundle: 'workflow-bundle.js',
        env: { HTTPS_PROXY: 'socks5://proxy:1080' },
      }),
    ConfigError,
  );
});

describe('a server that cannot be reached', () => {
  test('keeps nobody waiting, and is tried again until it is there', async () => {
    const { duty, fake, clock } = scene();
    fake.connect = () => {
      throw new Error('connection refused');
    };
    await duty.start();
    assert.equal(duty.status().state, 'unreachable');
    assert.match(
      duty.status().reason ?? '',
      /127\.0\.0\.1:7233 cannot be reached: connection refused/,
    );
    await clock.advance(10 * 60_000);
    const tenMinutes = fake.attempts;
    assert.ok(tenMinutes > 20 && tenMinutes < 40, `${tenMinutes} attempts in ten minutes`);
    assert.ok(clock.nextWakeMs <= 30_000);
    fake.connect = () => undefined;
    await clock.advance(30_000);
    assert.equal(duty.status().state, 'polling');
    await duty.stop();
  });

  test('and never answers, is given up after half a minute; a late connection is closed', async () => {
    const { duty, fake, clock } = scene();
    const late = Promise.withResolvers<void>();
    fake.connect = async () => late.promise;
    const started = duty.start();
    await clock.advance(30_000);
    await started;
    assert.match(duty.status().reason ?? '', /no connection within 30 s/);
    late.resolve();
    await settle();
    assert.equal(fake.connections[0]?.isClosed, true);
    await duty.stop();
  });

  test('does not hold up a stop', async () => {
    const { duty, fake } = scene();
    fake.connect = async () => new Promise(() => undefined);
    const started = duty.start();
    await settle();
    await duty.stop();
    await started;
    assert.equal(fake.workers.length, 0);
  });

  test('while polling, is seen by a probe; the worker stays', async () => {
    const { duty, fake, clock } = scene();
    await duty.start();
    fake.answer = () => {
      throw new Error('gone');
    };
    await clock.advance(16_000);
    assert.equal(duty.status().state, 'unreachable');
    fake.answer = () => undefined;
    await clock.advance(16_000);
    assert.equal(duty.status().state, 'polling');
    assert.equal(fake.workers.length, 1);
    await duty.stop();
  });
});

describe('the token', () => {
  test('is renewed on the connection that is open', async () => {
    const { duty, fake, clock } = scene();
    await duty.start();
    await clock.advance(11 * 60_000);
    assert.deepEqual(fake.connections[0]?.apiKeys, ['token-1', 'token-2', 'token-3']);
    await duty.stop();
  });

  test('is asked for again every half minute while its service is down', async () => {
    const { duty, fake, clock, tokens } = scene();
    await duty.start();
    tokens.isDown = true;
    await clock.advance(6 * 60_000);
    assert.equal(duty.status().lastContact, '2026-01-01T00:06:00.000Z');
    tokens.isDown = false;
    await clock.advance(30_000);
    assert.deepEqual(fake.connections[0]?.apiKeys, ['token-1', 'token-2']);
    await duty.stop();
  });

  test('that was revoked is replaced before the worker fails for it', async () => {
    const { duty, fake, clock } = scene();
    await duty.start();
    fake.answer = ({ apiKeys }) => {
      if (apiKeys.at(-1) === 'token-1') refuse();
    };
    await clock.advance(16_000);
    assert.equal(duty.status().state, 'refused');
    assert.deepEqual(fake.connections[0]?.apiKeys, ['token-1', 'token-2']);
    await clock.advance(15_000);
    assert.equal(duty.status().state, 'polling');
    assert.equal(fake.workers.length, 1);
    await duty.stop();
  });

  test('that is refused from the start is not shown twice', async () => {
    const { duty, fake, clock } = scene();
    fake.answer = refuse;
    await duty.start();
    assert.equal(duty.status().state, 'refused');
    assert.match(duty.status().reason ?? '', /refuses namespace default: Request unauthorized/);
    await clock.advance(5_000);
    const shown = fake.connections.map(({ apiKeys }) => apiKeys[0]);
    assert.ok(shown.length > 1);
    assert.deepEqual(shown, [...new Set(shown)]);
    assert.ok(fake.connections.every(({ isClosed }) => isClosed));
    assert.equal(fake.workers.length, 0);
    await duty.stop();
  });
});

describe('a worker that has failed for good', () => {
  test('is replaced together with its connection', async () => {
    const { duty, fake, clock } = scene();
    await duty.start();
    const [first] = fake.workers;
    first?.failForGood();
    await clock.advance(10_000);
    assert.equal(fake.workers.length, 2);
    assert.notEqual(fake.worker.connection, first?.connection);
    assert.equal(duty.status().state, 'polling');
    await duty.stop();
  });

  test('leaves its activity at work, where the retry finds it; a stop ends it', async () => {
    const { duty, fake, clock, commands } = scene();
    commands.behaviour = async (_, options) => untilAborted(options);
    await duty.start();
    const { install } = fake.worker.activities;
    assert.ok(install !== undefined);
    const { result } = fake.run(install, { app: 'teradata' });
    const ended = assert.rejects(result, /the orchestrator is stopping/);
    await settle();
    fake.worker.failForGood();
    await clock.advance(10_000);
    assert.equal(fake.workers.length, 2);
    const stopped = duty.stop();
    await clock.advance(5_000);
    await stopped;
    await ended;
  });
});

test('a stop while there is no worker waits for what the last one left behind', async () => {
  const { duty, fake, clock, commands } = scene();
  const end = Promise.withResolvers<undefined>();
  commands.behaviour = async () => end.promise;
  await duty.start();
  const { install } = fake.worker.activities;
  assert.ok(install !== undefined);
  const { result } = fake.run(install, { app: 'teradata' });
  await settle();
  fake.connect = () => {
    throw new Error('connection refused');
  };
  fake.worker.failForGood();
  await clock.advance(10_000);
  let isStopped = false;
  const stopping = (async () => {
    await duty.stop();
    isStopped = true;
  })();
  await clock.advance(60_000);
  assert.equal(isStopped, false);
  end.resolve(undefined);
  await result;
  await stopping;
});

test('a stop waits for what is in flight, and renews the token meanwhile', async () => {
  const { duty, fake, clock, commands } = scene();
  const end = Promise.withResolvers<undefined>();
  commands.behaviour = async () => end.promise;
  await duty.start();
  const { install } = fake.worker.activities;
  assert.ok(install !== undefined);
  const { result } = fake.run(install, { app: 'teradata' });
  await settle();
  let isStopped = false;
  const stopping = (async () => {
    await duty.stop();
    isStopped = true;
  })();
  await clock.advance(6 * 60_000);
  assert.equal(fake.worker.state, 'STOPPED');
  assert.equal(isStopped, false);
  assert.deepEqual(fake.connections[0]?.apiKeys, ['token-1', 'token-2']);
  end.resolve(undefined);
  await result;
  await stopping;
  assert.equal(isStopped, true);
});
