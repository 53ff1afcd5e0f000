import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { Dice, seeds } from '../../support/kills/dice.ts';
import { containersOf, type SeenContainer } from '../../support/kills/engine-look.ts';
import {
  configuration,
  MAP_KEY,
  startMachine,
  type Machine,
  type StartedMachine,
} from '../../support/orchestrator/deployment.ts';
import type { EngineServer } from '../../support/servers/engine-server.ts';
import { temporaryFolder, waitFor } from '../../support/servers/server-process.ts';

const KILLS = 2;
/** A swap takes seconds where the machine is free. */
const CONVERGES_MS = 120_000;
const GRACE_MS = 50_000;

/** Seconds where the machine is free, and whatever it takes where somebody plays thousands. */
const PATIENT = { timeout: 7_200_000 };

export interface KillsOptions {
  /** Why not. */
  readonly skip: string | undefined;
  readonly startEngine: () => Promise<EngineServer>;
  /** Upgrades of each app, one after the other, two kills in each. */
  readonly upgrades: number;
}

/** Kills orchestrators in the midst of swaps on a real engine. */
export function orchestratorKills(
  engine: string,
  { skip, startEngine, upgrades }: KillsOptions,
): void {
  describe(
    `an orchestrator that is killed in the midst of swaps on ${engine}`,
    { skip: skip ?? false },
    () => {
      let machine: StartedMachine;
      let folder: { readonly path: string; readonly remove: () => Promise<void> };
      before(async () => {
        [machine, folder] = await Promise.all([
          startMachine(startEngine),
          temporaryFolder('kills-orchestrator'),
        ]);
      });
      after(async () => {
        await machine.stop();
        await folder.remove();
      });

      test(
        'serves all the while, and converges to one version once it is back',
        PATIENT,
        async (t) => {
          for (const seed of seeds(1)) {
            const apps = ['one', 'two'].map(async (name, index) => {
              const dice = new Dice(seed * 100 + index);
              const told = await swapUnderKills(machine, join(folder.path, `${name}-${seed}`), {
                deployment: `${name}${seed}`,
                dice,
                upgrades,
              });
              t.diagnostic(`seed ${seed}, ${name}: ${told.join('; ')}`);
            });
            const ends = await Promise.allSettled(apps);
            const failures = ends.flatMap((end) =>
              end.status === 'rejected' ? [end.reason as Error] : [],
            );
            const again = `SDR_MIRROR_KILL_SEED=${seed} SDR_MIRROR_KILL_SEEDS=1`;
            assert.equal(
              failures.length,
              0,
              [again, ...failures.map(({ message }) => message)].join('\n'),
            );
          }
        },
      );
    },
  );
}

/** @returns what befell it, in words */
async function swapUnderKills(
  machine: Machine,
  folder: string,
  given: { readonly deployment: string; readonly dice: Dice; readonly upgrades: number },
): Promise<readonly string[]> {
  const { deployment, dice, upgrades } = given;
  await mkdir(folder);
  const name = `atlan-teradata-${deployment}`;
  await writeFile(join(folder, MAP_KEY), machine.map);
  await writeFile(
    join(folder, 'config.yaml'),
    configuration(folder, machine, {
      name: deployment,
      domain: 'acme.atlan.com',
      temporal: '{ auth: none }',
      clientSecret: 'two',
      autoUpdate: true,
    }),
  );
  const announce = async (version: string): Promise<void> =>
    writeFile(join(folder, 'releases.json'), JSON.stringify({ releases: [release(version)] }));
  const start = (...args: readonly string[]) =>
    execa(process.execPath, [bundled('cli/orchestrator'), ...args], {
      cwd: folder,
      env: { SDR_ORCHESTRATOR_HEARTBEAT: join(folder, 'beat') },
      reject: false,
    });
  const seen = async (): Promise<readonly SeenContainer[]> =>
    containersOf(machine.server.socketPath, name);

  await announce('1');
  const started = performance.now();
  const { exitCode, stdout, stderr } = await start('install', 'teradata', '--image', imageOf('1'));
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  const swapMs = performance.now() - started;

  const told: string[] = [];
  for (let upgrade = 0; upgrade < upgrades; upgrade += 1) {
    const version = upgrade % 2 === 0 ? '2' : '3';
    await announce(version);
    for (let kill = 0; kill < KILLS; kill += 1) {
      // What reconciles by itself, or a command that somebody gave.
      const asked = dice.pick<readonly string[]>([
        ['run', '--no-temporal'],
        ['upgrade', 'teradata', '--image', imageOf(version)],
      ]);
      const signal = dice.pick<NodeJS.Signals>(['SIGKILL', 'SIGKILL', 'SIGTERM']);
      const afterMs = dice.fraction() * swapMs * 1.5;
      const running = start(...asked);
      await Promise.race([delay(afterMs), running]);
      running.kill(signal);
      const limit = setTimeout(() => running.kill('SIGKILL'), GRACE_MS);
      const end = await running;
      clearTimeout(limit);
      const places = await seen();
      const what = `${signal} to ${asked[0]} after ${Math.round(afterMs)} of ${Math.round(swapMs)} ms: ${end.exitCode ?? end.signal}, ${describePlaces(places)}`;
      told.push(what);
      // Blue-green: one that was found good runs at every moment.
      assert.ok(
        places.some(({ state }) => state === 'running'),
        `nothing runs after ${told.join('; ')}\n${end.stderr}`,
      );
      const ends = [0, 130, 143, undefined];
      assert.ok(ends.includes(end.exitCode), `${what}\n${end.stdout}${end.stderr}`);
      assert.ok(end.exitCode !== undefined || end.signal === signal, what);
    }
    const back = start('run', '--no-temporal');
    let log = '';
    back.stderr.on('data', (text: Buffer) => (log += text.toString()));
    try {
      await waitFor('it is back', () => log.includes('the orchestrator starts') || undefined);
      await waitFor(
        `${version} alone runs after ${told.join('; ')}`,
        async () => {
          const [only, ...others] = await seen();
          const isAlone = others.length === 0 && only?.name === name;
          return isAlone && only.state === 'running' && only.version === version ? true : undefined;
        },
        CONVERGES_MS,
      );
    } catch (error) {
      back.kill('SIGKILL');
      await back;
      throw new Error(`${(error as Error).message}: ${describePlaces(await seen())}\n${log}`, {
        cause: error,
      });
    }
    back.kill('SIGTERM');
    const end = await back;
    assert.equal(end.exitCode, 143, end.stderr);
  }
  return told;
}

function imageOf(version: string): string {
  return `atlanhq/atlan-teradata-app:${version}`;
}

function release(version: string): object {
  return { app_name: 'teradata', version, image: imageOf(version) };
}

function describePlaces(places: readonly SeenContainer[]): string {
  return (
    places.map(({ name, state, version }) => `${name} ${state} ${version}`).join(', ') || 'none'
  );
}
