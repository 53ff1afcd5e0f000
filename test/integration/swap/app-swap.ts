import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { AppResult, Commands } from '../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../src/orchestrator/create-commands.ts';
import type { ContainerEngine } from '../../../src/orchestrator/engine/container-engine.ts';
import { mortal } from '../../fakes/container-engine-crash.ts';
import { freePort } from './free-port.ts';
import type { FakeApps } from '../../support/orchestrator/app-world.ts';
import { Endings } from '../../support/servers/endings.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { pollByAlias } from './poll-by-alias.ts';
import { fastApps, RealMachine } from './real-machine.ts';

type Swap = FakeApps['swap'];

/** A dozen swaps one after the other: a minute where the machine is free, several where it is not. */
const CHAIN_MS = 900_000;

/** What is swapped to how, and how many changes that makes at least. */
const CASES: readonly {
  readonly swap: Swap;
  readonly version: string;
  readonly changes: number;
  /** The first change to die after; what comes before is the same as in another case. */
  readonly from?: number;
}[] = [
  // Pull, network, create, start, connect, two renames, stop, remove.
  { swap: 'blue-green', version: 'good', changes: 9 },
  // Pull, network, create, start, stop, remove.
  { swap: 'blue-green', version: 'silent', changes: 6 },
  { swap: 'blue-green', version: 'crash-looping', changes: 6 },
  { swap: 'blue-green', version: 'late-crashing', changes: 6 },
  { swap: 'blue-green', version: 'missing', changes: 0 },
  // Pull, network, create, rename, stop, start, rename, remove; or remove, and the old one comes back.
  { swap: 'stop-first', version: 'good', changes: 8, from: 3 },
  { swap: 'stop-first', version: 'crash-looping', changes: 9, from: 4 },
];

/** Swaps versions of an app on a real engine, under crashes. */
export function appSwap(
  name: string,
  skip: string | undefined,
  start: () => Promise<EngineServer>,
): void {
  describe(`swaps on a real ${name}`, { skip: skip ?? false }, () => {
    const endings = new Endings();
    let machine: RealMachine;
    before(async () => {
      machine = await RealMachine.start(start);
      endings.add(async () => machine.stop());
    });
    after(async () => endings.run());

    describe('a crash at every step', { concurrency: true }, () => {
      for (const { swap, version, changes, from = 1 } of CASES) {
        test(`${swap}, new version ${version}`, { timeout: CHAIN_MS }, async (t) => {
          const app = await startApp(machine, swap, version);
          const { points, told } = await crashEverywhere(t, app, version, from);
          assert.ok(points >= changes, `only ${points} changes: ${told}`);
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

    test('an engine that is killed while a candidate is watched: a re-run converges', async () => {
      const app = 'watched';
      const apps = fastApps({ settleSeconds: 5 });
      const commands = createCommands(machine.world(machine.engine, apps));
      await commands.install({ app, commandId: '1', image: 'atlanhq/app:1' });
      const upgrade = { app, commandId: '2', image: 'atlanhq/app:2' };
      let killing: Promise<void> | undefined;
      const failed = await commands.upgrade(upgrade, {
        onProgress: ({ step }) => {
          if (step === 'gate') killing ??= machine.server.kill();
        },
      });
      await killing;
      assert.ok(failed.outcome === 'failed', JSON.stringify(failed));
      const { code, retryable } = failed.failure;
      assert.deepEqual([code, retryable], ['ENGINE_UNREACHABLE', true]);
      await machine.server.restart();
      const again = await commands.upgrade(upgrade);
      assert.equal(again.outcome, 'done', JSON.stringify(again));
      await assertAlone(machine, app, again);
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

/** An app that is swapped over and over. */
interface SwappedApp {
  readonly machine: RealMachine;
  readonly app: string;
  readonly swap: Swap;
  /** The tag of a version of its own. */
  readonly tag: (version: string) => string;
  /** As one process sees it. */
  readonly commands: (engine?: ContainerEngine) => Commands;
}

async function startApp(machine: RealMachine, swap: Swap, version: string): Promise<SwappedApp> {
  const app = `${swap}-${version}`;
  const hostPort = swap === 'stop-first' ? { hostPort: await freePort() } : {};
  const apps = fastApps({ swap, timeoutSeconds: 3, ...hostPort });
  const commands: SwappedApp['commands'] = (engine = machine.engine) =>
    createCommands(machine.world(engine, apps));
  const tags = new Map<string, string>();
  for (const each of ['probed-1', 'probed-2', version]) {
    tags.set(each, await machine.publishFor(app, each));
  }
  const tag: SwappedApp['tag'] = (each) => tags.get(each) ?? each;
  const image = `atlanhq/app:${tag('probed-1')}`;
  const installed = await commands().install({ app, commandId: '1', image });
  assert.equal(installed.outcome, 'done', JSON.stringify(installed));
  return { machine, app, swap, tag, commands };
}

/**
 * Lets the process die after one of the first changes of a swap, then after the next, and so on,
 * each time with a plain re-run, until it outlives the swap.
 *
 * @returns how many changes the swap made, and what came of it
 */
async function crashEverywhere(
  t: TestContext,
  app: SwappedApp,
  version: string,
  from: number,
): Promise<{ readonly points: number; readonly told: string }> {
  for (let point = from; ; point += 1) {
    // A good version comes to serve, so that the next swap is to another good one.
    const serves = version === 'good' && point % 2 === 1 ? 'probed-2' : 'probed-1';
    // One that fails ends it, too.
    let end: string | undefined = 'a test that failed';
    await t.test(`a crash after change ${point}`, async () => {
      end = await crashOnce(app, point, version === 'good' ? serves : version, serves);
    });
    if (end !== undefined) return { points: point - 1, told: end };
  }
}

/** @returns what came of the swap, if the process outlived it */
async function crashOnce(
  swapped: SwappedApp,
  point: number,
  version: string,
  serves: string,
): Promise<string | undefined> {
  const { machine, app, swap, tag, commands } = swapped;
  const upgrade = { app, commandId: `crash-${point}`, image: `atlanhq/app:${tag(version)}` };
  const { engine, effects } = mortal(machine.engine, point);
  const first = await commands(engine).upgrade(upgrade);
  const context = effects.join(', ');
  if (swap === 'blue-green') await assertServed(swapped, context);

  const again = await commands().upgrade(upgrade);
  const told = `${context} → ${JSON.stringify(again)}`;
  assert.equal(again.outcome === 'failed', version !== serves, told);
  assert.equal(again.serving?.digest, machine.image(tag(serves)).digest, told);
  await assertAlone(machine, app, again);
  return effects.length < point ? `${context} → ${JSON.stringify(first)}` : undefined;
}

/** Right after a crash: one that was found good is up, whatever it is called by now. */
async function assertServed({ machine, app, tag }: SwappedApp, context: string): Promise<void> {
  const [status] = (await createCommands(machine.world()).status({ app })).apps;
  const all = [
    ...(status?.current === undefined ? [] : [status.current]),
    ...(status?.others ?? []),
  ];
  const good = new Set<string>(
    ['probed-1', 'probed-2'].map((version) => machine.image(tag(version)).digest),
  );
  assert.ok(
    all.some(({ state, digest }) => state === 'running' && good.has(digest)),
    `nothing serves after ${context}: ${JSON.stringify(all)}`,
  );
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
