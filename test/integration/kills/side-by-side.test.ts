import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice, seeds } from '../../support/kills/dice.ts';
import { lookAt } from '../../support/kills/look.ts';
import { assertLinesKept, FOREIGN_MAP } from '../../support/kills/map-look.ts';
import { startJob, startKillScene, writeJob, type KillScene } from '../../support/kills/scene.ts';
import type { Store } from '../../support/map-stores/map-store.ts';
import { startStore, STORES } from '../../support/map-stores/start.ts';
import { requireServer, whyMissing } from '../../support/servers/binaries.ts';

const REGISTRY = ['docker-registry', 'htpasswd'];
const SHARED = ['MinIO', 'Azurite', 'fake-gcs-server'] as const;
/** What a job may end with that meets others at its work: done; the map, or a tag, was contended. */
const DOCUMENTED: ReadonlySet<number | undefined> = new Set([0, 3, 6]);
const MOST_JOBS = 8;
/** A person saves about as often; what takes longer on a slow machine is only more of the same. */
const EDITS = 6;
const EDIT_EVERY_MS = 150;

/** Seconds where the machine is free, and whatever it takes where somebody plays thousands. */
const PATIENT = { timeout: 7_200_000 };

describe(
  'jobs side by side on one map and one registry',
  {
    skip: whyMissing(...REGISTRY) ?? false,
  },
  () => {
    let scene: KillScene;
    before(async () => {
      scene = await startKillScene();
    });
    after(async () => scene.stop());

    for (const [index, name] of SHARED.entries()) {
      test(`in ${name}, some of them killed, while a person edits`, PATIENT, async (t) => {
        const { [name]: recipe } = STORES;
        if (!requireServer(t, ...recipe.needs)) return;
        const store = await startStore(recipe);
        t.after(store.stop);
        for (const seed of seeds(2)) {
          const { jobs, killed, codes } = await crowd(scene, store, seed, index);
          t.diagnostic(`seed ${seed}: ${jobs} jobs, ${killed} killed, exits ${codes.join()}`);
        }
      });
    }
  },
);

/** @throws AssertionError a promise is broken; it names the seed */
async function crowd(
  scene: KillScene,
  store: Store,
  seed: number,
  index: number,
): Promise<{ readonly jobs: number; readonly killed: number; readonly codes: readonly string[] }> {
  const dice = new Dice(seed * SHARED.length + index);
  const prefix = `crowd-${store.name.toLowerCase()}-${seed}`;
  const key = `${prefix}/image-map.yaml`;
  const place = store.place(key);
  await place.edit(() => FOREIGN_MAP);
  const jobs = dice.whole(2, MOST_JOBS);
  const everything = [...scene.images.keys()];
  const write = async (name: string, announced: readonly string[]): Promise<string> =>
    writeJob(scene, join(prefix, name), {
      source: scene.source.host,
      target: scene.target.host,
      prefix,
      map: place.settings(store.host ?? ''),
      concurrency: dice.pick([1, 4]),
      announced,
    });
  await mkdir(join(scene.folder, prefix));
  const folders: string[] = [];
  for (let job = 0; job < jobs; job += 1) {
    // Some overlap wholly, some in part, as shards do that were counted wrongly.
    const first = dice.whole(0, everything.length - 1);
    const announced = dice.fraction() < 0.5 ? everything : everything.slice(first);
    folders.push(await write(`job-${job}`, announced));
  }
  try {
    const running = folders.map((folder) => startJob(folder));
    // One at least.
    const victims = new Set(running.filter((_, index) => index === 0 || dice.fraction() < 0.3));
    const killing = [...victims].map(async (job) => {
      const signal = dice.pick<NodeJS.Signals>(['SIGKILL', 'SIGTERM']);
      await delay(dice.whole(100, 3000));
      job.kill(signal);
    });
    const editing = (async () => {
      for (let edit = 1; edit <= EDITS; edit += 1) {
        await place.edit((text = '') => `${text}# by hand, ${edit}\n`);
        await delay(EDIT_EVERY_MS);
      }
    })();
    const ends = await Promise.all(running.map(async (job) => job));
    await Promise.all([...killing, editing]);
    for (const [index, job] of running.entries()) {
      const { exitCode, signal, stderr } = await job;
      const isVictim = victims.has(job);
      const isFine = DOCUMENTED.has(exitCode) || (isVictim && (exitCode === 143 || signal));
      assert.ok(isFine, `job ${index} ended with ${exitCode ?? signal}\n${stderr}`);
    }
    const last = await startJob(await write('last', everything));
    assert.equal(last.exitCode, 0, `${last.stderr}${last.stdout}`);
    const look = { scene, place, key, prefix, targetHost: scene.target.host };
    const folder = join(scene.folder, prefix, 'last');
    const looked = await lookAt({ ...look, before: FOREIGN_MAP, folder });
    looked.assertComplete();
    const byHand = Array.from({ length: EDITS }, (_, index) => `# by hand, ${index + 1}`);
    assertLinesKept(looked.text ?? '', byHand.join('\n'));
    const codes = ends.map(({ exitCode, signal }) => String(exitCode ?? signal));
    return { jobs, killed: victims.size, codes };
  } catch (error) {
    const again = `SDR_MIRROR_KILL_SEED=${seed} SDR_MIRROR_KILL_SEEDS=1`;
    throw new Error(`${store.name}: ${again}\n${(error as Error).message}`, { cause: error });
  }
}
