import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import pLimit from 'p-limit';
import { seeds } from '../../support/kills/dice.ts';
import { measure, playRound, type Kill, type Undisturbed } from '../../support/kills/round.ts';
import { startKillScene, type KillScene } from '../../support/kills/scene.ts';
import { fileStore } from '../../support/map-stores/file.ts';
import { startStore, STORES } from '../../support/map-stores/start.ts';
import { requireServer, whyMissing } from '../../support/servers/binaries.ts';

const REGISTRY = ['docker-registry', 'htpasswd'];
/** Played side by side, each a process and what looks at its work. */
const AT_ONCE = 2;
/** Half a minute where the machine is free, and whatever it takes where somebody plays thousands. */
const PATIENT = { timeout: 7_200_000 };

describe(
  'jobs that are killed',
  {
    skip: whyMissing(...REGISTRY) ?? false,
  },
  () => {
    let scene: KillScene;
    before(async () => {
      scene = await startKillScene();
    });
    after(async () => scene.stop());

    test(
      'in all of a run: nothing lies, nothing is lost, and the next run completes it',
      PATIENT,
      async (t) => {
        const store = fileStore();
        const undisturbed = await measure({ scene, store, prefix: '', watched: 'everything' });
        await play(t, seeds(20), async (seed) => {
          const round = { scene, store, seed, prefix: `run-${seed}`, undisturbed };
          return (await playRound({ ...round, watched: 'everything' })).kills;
        });
      },
    );

    // Of a file every operation is tried, in file-operations.test.ts.
    for (const [index, [name, recipe]] of Object.entries(STORES).entries()) {
      test(`while the map is published to ${name}`, PATIENT, async (t) => {
        if (!requireServer(t, ...recipe.needs)) return;
        const store = await startStore(recipe);
        t.after(store.stop);
        // What is at the target already leaves a job the map alone to write.
        const prefix = `published-${index}`;
        const undisturbed: Undisturbed = await measure({ scene, store, prefix, watched: 'store' });
        await play(t, seeds(4), async (seed) => {
          const round = { scene, store, seed, prefix, undisturbed, watched: 'store' } as const;
          return (await playRound(round)).kills;
        });
      });
    }
  },
);

/** Plays rounds, a few at once; all to their end, so that every seed that fails is named. */
async function play(
  t: TestContext,
  rounds: readonly number[],
  round: (seed: number) => Promise<readonly Kill[]>,
): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const ends = await Promise.allSettled(rounds.map(async (seed) => limit(() => round(seed))));
  const kills = ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
  const sums = new Map<string, number>();
  for (const { signal, phase } of kills) {
    const what = `${signal} ${phase}`;
    sums.set(what, (sums.get(what) ?? 0) + 1);
  }
  t.diagnostic(`${kills.length} kills in ${rounds.length} rounds`);
  t.diagnostic([...sums].map(([what, count]) => `${count} × ${what}`).join(', '));
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
  assert.equal(failures.length, 0, failures.map(({ message }) => message).join('\n\n'));
}
