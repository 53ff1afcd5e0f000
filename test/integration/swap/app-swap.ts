import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AppResult } from '../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../src/orchestrator/create-commands.ts';
import { mortal } from '../../fakes/container-engine-crash.ts';
import { freePort } from './free-port.ts';
import type { FakeApps } from '../../support/orchestrator/app-world.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { pollByAlias } from './poll-by-alias.ts';
import { fastApps, RealMachine } from './real-machine.ts';

interface Case {
  readonly version: string;
  /** Which change the process dies after; it lives where it makes fewer. */
  readonly point: number;
  readonly swap: FakeApps['swap'];
}

/** A swap's changes: pull, network, create, start, connect, rename, rename, stop, remove. */
const GOOD: readonly Case[] = [3, 4, 6, 7, 8].map((point) => ({
  version: '2',
  point,
  swap: 'blue-green',
}));
/** Here: pull, network, create, rename, stop, start, rename, remove. */
const STOP_FIRST: readonly Case[] = [4, 6].map((point) => ({
  version: '2',
  point,
  swap: 'stop-first',
}));
const BAD: readonly Case[] = [
  { version: 'unhealthy', point: 4, swap: 'blue-green' },
  { version: 'crash-looping', point: 6, swap: 'stop-first' },
  { version: 'late-crashing', point: 4, swap: 'blue-green' },
  { version: 'missing', point: 99, swap: 'blue-green' },
];

/** Swaps versions of an app on a real engine, under crashes. */
export function appSwap(
  name: string,
  skip: string | undefined,
  start: () => Promise<EngineServer>,
): void {
  describe(`swaps on a real ${name}`, { skip: skip ?? false }, () => {
    let machine: RealMachine;
    before(async () => {
      machine = await RealMachine.start(start);
    });
    after(async () => machine.stop());

    describe('under crashes', { concurrency: 6 }, () => {
      for (const each of [...GOOD, ...STOP_FIRST, ...BAD]) {
        const { version, point, swap } = each;
        test(`${swap} to ${version}, a crash after change ${point}`, async () => {
          await assertConverges(machine, each);
        });
      }
    });

    test('an app that is polled by its alias misses no request', async () => {
      const app = 'polled';
      const commands = createCommands(machine.world());
      await commands.install({ app, commandId: '1', image: 'atlanhq/app:1' });
      const poll = await pollByAlias(machine, app);
      const upgraded = await commands.upgrade({ app, commandId: '2', image: 'atlanhq/app:2' });
      assert.equal(upgraded.outcome, 'done', JSON.stringify(upgraded));
      const { answers, failures } = await poll.end();
      assert.deepEqual(failures, []);
      assert.deepEqual([...new Set(answers)].toSorted(), ['one', 'two']);
      assert.equal(answers.at(-1), 'two');
    });

    test('an engine that is killed between the renames comes back to one version serving', async () => {
      const app = 'mid-swap';
      const apps = fastApps();
      const install = { app, commandId: '1', image: 'atlanhq/app:1' };
      await createCommands(machine.world(machine.engine, apps)).install(install);
      // Pull, network, create, start, connect, and the first rename.
      const { engine, effects } = mortal(machine.engine, 6);
      const upgrade = { app, commandId: '2', image: 'atlanhq/app:2' };
      await createCommands(machine.world(engine, apps)).upgrade(upgrade);
      assert.match(effects.at(-1) ?? '', /^rename .*\.old$/);
      await machine.server.kill();
      const away = await createCommands(machine.world(machine.engine, apps)).reconcile();
      assert.equal(away.actions.length, 0);
      await machine.server.restart();
      const commands = createCommands(machine.world(machine.engine, apps));
      await commands.reconcile();
      const [status] = (await commands.status({ app })).apps;
      assert.deepEqual(status?.others, []);
      assert.equal(status.current?.state, 'running');
      assert.equal((await commands.upgrade(upgrade)).outcome, 'done');
    });
  });
}

async function assertConverges(
  machine: RealMachine,
  { version, point, swap }: Case,
): Promise<void> {
  const app = `app-${version}-${point}-${swap === 'blue-green' ? 'b' : 's'}`;
  const serves = version === '2' ? '2' : '1';
  const hostPort = swap === 'stop-first' ? await freePort() : undefined;
  const apps = fastApps({ swap, ...(hostPort === undefined ? {} : { hostPort }) });
  const install = { app, commandId: 'first', image: 'atlanhq/app:1' };
  const installed = await createCommands(machine.world(machine.engine, apps)).install(install);
  assert.equal(installed.outcome, 'done', JSON.stringify(installed));

  const upgrade = { app, commandId: 'up', image: `atlanhq/app:${version}` };
  const { engine, effects } = mortal(machine.engine, point);
  await createCommands(machine.world(engine, apps)).upgrade(upgrade);

  const again = await createCommands(machine.world(machine.engine, apps)).upgrade(upgrade);
  const context = `${effects.join(', ')} → ${JSON.stringify(again)}`;
  assert.equal(again.outcome === 'failed', serves === '1', context);
  assert.equal(again.serving?.digest, machine.image(serves).digest, context);
  await assertAlone(machine, app, again);
}

/** One container, running, of the version that the command says serves. */
async function assertAlone(machine: RealMachine, app: string, result: AppResult): Promise<void> {
  const { apps } = await createCommands(machine.world()).status({ app });
  const [status] = apps;
  assert.deepEqual(status?.others, []);
  assert.equal(status.current?.state, 'running');
  assert.equal(status.current.digest, result.serving?.digest);
  assert.equal(status.current.restartCount, 0);
}
