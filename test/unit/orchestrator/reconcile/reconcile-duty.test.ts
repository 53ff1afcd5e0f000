import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../../../src/log.ts';
import type { Clock } from '../../../../src/registry/http/clock.ts';
import type { Commands } from '../../../../src/orchestrator/commands.ts';
import { createReconcileDuty } from '../../../../src/orchestrator/reconcile/reconcile-duty.ts';
import { FakeContainerEngine } from '../../../fakes/container-engine.ts';
import { programs } from '../../../fakes/container-engine-programs.ts';
import { imageNamed, plainSpec } from '../../../fakes/container-engine-specs.ts';
import { ownedBy } from '../../../../src/orchestrator/app-spec/labels.ts';

const NOTHING = { dryRun: false, actions: [], warnings: [] } as const;

/** Counts calls, and lets a test wait for the next. */
class Counter implements Pick<Commands, 'reconcile'> {
  count = 0;
  failure: Error | undefined;
  #waiting: { readonly count: number; readonly reached: () => void }[] = [];

  async reconcile(): ReturnType<Commands['reconcile']> {
    this.count += 1;
    this.#waiting = this.#waiting.filter(({ count, reached }) => {
      if (this.count < count) return true;
      reached();
      return false;
    });
    if (this.failure !== undefined) throw this.failure;
    return NOTHING;
  }

  async reaches(count: number): Promise<void> {
    if (this.count >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, reached: resolve });
    await promise;
  }
}

/** Sleeps of up to `longest` are over at once; longer ones last until they are aborted. */
function clockUpTo(longest: number): Clock {
  return {
    now: () => 0,
    random: () => 0.5,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      const turn = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => turn.reject(signal.reason), { once: true });
      if (ms <= longest) setImmediate(turn.resolve);
      await turn.promise;
    },
  };
}

test('reconciles on start and every hour', async () => {
  const commands = new Counter();
  const duty = createReconcileDuty({
    commands,
    engine: new FakeContainerEngine(),
    deployment: 'prod',
    everySeconds: 3600,
    clock: clockUpTo(3_600_000),
    logger: silentLogger,
  });
  await duty.start();
  await duty.start();
  await commands.reaches(3);
  await duty.stop();
  const { count } = commands;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  assert.equal(commands.count, count, 'off duty is off duty');
  await duty.stop();
});

test('reconciles when a container of the deployment has ended', async () => {
  const commands = new Counter();
  const engine = new FakeContainerEngine();
  engine.publish(imageNamed('1'), programs.good);
  await engine.pull(imageNamed('1'), { kind: 'anonymous', origin: 'test' });
  const labels = ownedBy('prod', { role: 'app', app: 'teradata' });
  const id = await engine.create(plainSpec('it', imageNamed('1'), { labels }));
  await engine.start(id);
  const clock = clockUpTo(60_000);
  const deployment = 'prod';
  const duty = createReconcileDuty({
    commands,
    engine,
    deployment,
    everySeconds: 3600,
    clock,
    logger: silentLogger,
  });
  await duty.start();
  await commands.reaches(1);
  engine.kill('it');
  await commands.reaches(2);
  await duty.stop();
});

test('a failure is not the end of it', async () => {
  const commands = new Counter();
  commands.failure = new Error('broken');
  const duty = createReconcileDuty({
    commands,
    engine: new FakeContainerEngine(),
    deployment: 'prod',
    everySeconds: 3600,
    clock: clockUpTo(60_000),
    logger: silentLogger,
  });
  await duty.start();
  await commands.reaches(3);
  await duty.stop();
});
