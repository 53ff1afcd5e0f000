import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { Dice, seeds } from '../../support/kills/dice.ts';
import { containersOf, type SeenContainer } from '../../support/kills/engine-look.ts';
import { temporaryFolder, waitFor } from '../../support/servers/server-process.ts';
import { whyNot } from '../engine/real-engine.ts';
import { startMachine, type Machine } from '../outages/orchestrator-process.ts';

/** Upgrades of each app, one after the other, two kills in each. */
const UPGRADES = 3;
const KILLS = 2;
/** A swap takes seconds where the machine is free. */
const CONVERGES_MS = 120_000;
const GRACE_MS = 50_000;

/** Seconds where the machine is free, and whatever it takes where somebody plays thousands. */
const PATIENT = { timeout: 7_200_000 };

describe(
  'an orchestrator that is killed in the midst of swaps',
  {
    skip: whyNot('dockerd') ?? false,
  },
  () => {
    let machine: Machine & { readonly stop: () => Promise<void> };
    let folder: { readonly path: string; readonly remove: () => Promise<void> };
    before(async () => {
      [machine, folder] = await Promise.all([
        startMachine(),
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
          const apps = ['one', 'two'].map(async (deployment, index) => {
            const told = await swapUnderKills(machine, folder.path, deployment, seed * 100 + index);
            t.diagnostic(`seed ${seed}, ${deployment}: ${told.join('; ')}`);
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

/** @returns what befell it, in words */
async function swapUnderKills(
  machine: Machine,
  root: string,
  deployment: string,
  seed: number,
): Promise<readonly string[]> {
  const dice = new Dice(seed);
  const folder = join(root, `${deployment}-${seed}`);
  await mkdir(folder);
  const name = `atlan-teradata-${deployment}${seed}`;
  await writeFile(join(folder, 'image-map.yaml'), machine.map);
  await writeFile(
    join(folder, 'config.yaml'),
    configuration(folder, machine, `${deployment}${seed}`),
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
  for (let upgrade = 0; upgrade < UPGRADES; upgrade += 1) {
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

function configuration(folder: string, { server, registry }: Machine, deployment: string): string {
  return `atlan: { deployment_name: ${deployment}, domain: acme.atlan.com, client_id: one, client_secret: two }
components:
  objectstore: { type: bindings.localstorage, metadata: [{ name: rootPath, value: ${folder} }] }
container_registry: { image_map_path: image-map.yaml }
orchestrator:
  socket: ${server.socketPath}
  data_folder: ${folder}/data
  releases: { file: releases.json }
  registries: { "${registry.host}": { plainHttp: true } }
  verify: { mode: "off" }
  apps: { "*": { auto_update: true, stop_grace: 5s, health: { path: /version, settle: 1s } } }
  temporal: { auth: none }
`;
}
