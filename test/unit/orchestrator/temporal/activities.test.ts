import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createActivities } from '../../../../src/orchestrator/temporal/activities.ts';
import type { Activities } from '../../../../src/orchestrator/temporal/activity-types.ts';
import type { AppResult } from '../../../../src/orchestrator/commands.ts';
import { FakeCommands, fakeFailure, untilAborted } from '../../../fakes/fake-commands.ts';
import { ManualClock, settle } from '../../../fakes/manual-clock.ts';
import {
  FakeTemporalSdk,
  type FakeActivityInfo,
  type FakeActivityRun,
} from '../../../fakes/temporal-sdk.ts';

interface Scene {
  readonly commands: FakeCommands;
  readonly clock: ManualClock;
  readonly stop: AbortController;
  readonly idle: () => Promise<void>;
  readonly run: (
    name: keyof Activities,
    payload?: unknown,
    info?: FakeActivityInfo,
  ) => FakeActivityRun;
}

function scene(): Scene {
  const commands = new FakeCommands();
  const clock = new ManualClock();
  const fake = new FakeTemporalSdk();
  const stop = new AbortController();
  const running = createActivities({
    commands,
    sdk: fake.sdk,
    stop: stop.signal,
    clock,
  });
  return {
    commands,
    clock,
    stop,
    idle: async () => running.idle(),
    run: (name, payload, info) =>
      fake.run(async (own) => running.activities[name](own), payload, info),
  };
}

async function failure({ result }: FakeActivityRun): Promise<ApplicationFailure> {
  const error = await result.then(
    () => assert.fail('succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, String(error));
  return error;
}

test('each activity calls the command of its name', async () => {
  const { commands, run } = scene();
  commands.handovers = 0;
  const app = { app: 'teradata', commandId: 'wish-1' };
  for (const name of ['install', 'upgrade', 'restart', 'rollback', 'uninstall'] as const) {
    const result = (await run(name, { ...app, commandId: name }).result) as AppResult;
    assert.equal(result.command, name);
    assert.equal(result.outcome, 'done');
  }
  assert.deepEqual(await run('status').result, { deployment: 'prod', apps: [] });
  assert.deepEqual(await run('reconcile', { dryRun: true }).result, {
    dryRun: true,
    actions: [],
    warnings: [],
  });
  assert.ok(await run('selfUpdate', { commandId: 'self-1' }).result);
  assert.deepEqual(commands.calls, [
    'install teradata install',
    'upgrade teradata upgrade',
    'restart teradata restart',
    'rollback teradata rollback',
    'uninstall teradata uninstall',
    'status',
    'reconcile',
    'selfUpdate self-1',
  ]);
});

describe('the id of a command', () => {
  test('is the workflow id where the payload has none, in every attempt', async () => {
    const { commands, run } = scene();
    const payload = { app: 'teradata' };
    await run('install', payload, { workflowId: 'wish-1' }).result;
    await run('install', payload, { workflowId: 'wish-1', attempt: 2 }).result;
    assert.deepEqual(commands.calls, ['install teradata wish-1', 'install teradata wish-1']);
    assert.deepEqual(commands.changes, ['install teradata wish-1']);
  });

  test('is a hash where the workflow id could not be a label', async () => {
    const { commands, run } = scene();
    await run('install', { app: 'teradata' }, { workflowId: 'x'.repeat(129) }).result;
    await run('install', { app: 'teradata' }, { workflowId: 'with space' }).result;
    for (const call of commands.calls) assert.match(call, /^install teradata sha256:[\da-f]{64}$/);
    assert.notEqual(commands.calls[0], commands.calls[1]);
  });
});

describe('a payload that is not usable fails for good, naming every problem', () => {
  const cases: readonly (readonly [keyof Activities, unknown, RegExp])[] = [
    ['install', undefined, /app/],
    ['install', 'teradata', /Object/],
    ['install', { app: '../etc' }, /app: expected up to 63 lower-case/],
    ['install', { app: 'a', image: '' }, /image/],
    ['upgrade', { app: 'A', commandId: 'a b', version: 3 }, /commandId: .*; app: .*; version: /],
    ['status', { app: 7 }, /app/],
    ['reconcile', { dryRun: 'yes' }, /dryRun/],
  ];
  for (const [name, payload, problem] of cases) {
    test(`${name} ${JSON.stringify(payload)}`, async () => {
      const { commands, run } = scene();
      const { type, nonRetryable, message } = await failure(run(name, payload));
      assert.equal(type, 'PAYLOAD_INVALID');
      assert.equal(nonRetryable, true);
      assert.match(message, problem);
      assert.deepEqual(commands.calls, []);
    });
  }
});

test('keys that are not known are left out, as a newer control plane may send them', async () => {
  const { run } = scene();
  const result = await run('install', { app: 'teradata', wave: 3 }).result;
  assert.equal((result as AppResult).outcome, 'done');
});

describe('a command that fails', () => {
  test('fails its activity for good, with reason, result and log lines', async () => {
    const { commands, run } = scene();
    commands.behaviour = () => fakeFailure();
    const error = await failure(run('upgrade', { app: 'teradata' }));
    assert.equal(error.type, 'CONTAINER_UNHEALTHY');
    assert.equal(error.nonRetryable, true);
    assert.equal(error.message, 'teradata.green was not healthy within 120 s');
    const [result] = error.details as [AppResult];
    assert.ok(result.outcome === 'failed');
    assert.deepEqual(result.failure.logs, ['starting', 'no route to host']);
  });

  test('is retried if it may succeed later', async () => {
    const { commands, run } = scene();
    commands.behaviour = () => fakeFailure({ code: 'REGISTRY_RATE_LIMITED', retryable: true });
    const error = await failure(run('upgrade', { app: 'teradata' }));
    assert.equal(error.type, 'REGISTRY_RATE_LIMITED');
    assert.equal(error.nonRetryable, false);
  });
});

test('beats while nothing progresses, and tells where the command is', async () => {
  const { commands, clock, run } = scene();
  const end = Promise.withResolvers<undefined>();
  const pull = { step: 'pull', message: 'layer 1 of 3' } as const;
  commands.behaviour = async (_, { onProgress }) => {
    onProgress?.(pull);
    return end.promise;
  };
  const { result, heartbeats } = run('install', { app: 'teradata' });
  await clock.advance(6_000);
  assert.deepEqual(heartbeats, [undefined, pull, pull, pull]);
  end.resolve(undefined);
  await result;
  await clock.advance(60_000);
  assert.equal(heartbeats.length, 4);
});

test('a cancellation reaches the command, and comes back as one', async () => {
  const { commands, run } = scene();
  commands.behaviour = async (_, options) => untilAborted(options);
  const { result, cancel } = run('install', { app: 'teradata' });
  await settle();
  cancel('CANCELLED');
  await assert.rejects(result, CancelledFailure);
  assert.deepEqual(commands.changes, []);
});

test('a change that was past its commit point when it was cancelled is a success', async () => {
  const { commands, run } = scene();
  commands.behaviour = async (_, options) => untilAborted(options).catch(() => undefined);
  const { result, cancel } = run('install', { app: 'teradata' });
  await settle();
  cancel('CANCELLED');
  assert.equal(((await result) as AppResult).outcome, 'done');
});

test('what is in flight can be waited for, and stopped though its worker is gone', async () => {
  const { commands, stop, idle, run } = scene();
  commands.behaviour = async (_, options) => untilAborted(options);
  const { result } = run('install', { app: 'teradata' });
  await settle();
  let isIdle = false;
  const waiting = (async () => {
    await idle();
    isIdle = true;
  })();
  await settle();
  assert.equal(isIdle, false);
  stop.abort(new Error('the orchestrator is stopping'));
  await assert.rejects(result, /the orchestrator is stopping/);
  await waiting;
});
