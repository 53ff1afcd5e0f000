import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pLimit from 'p-limit';
import { Dice, seeds } from '../../support/kills/dice.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { whyNot } from '../engine/real-engine.ts';
import { RealMachine } from '../swap/real-machine.ts';
import type { Death } from '../swap/real-orchestrators.ts';
import { assertConverges } from '../swap/self-swap.ts';

/** Most of them only wait. */
const AT_ONCE = 4;
/** Half a minute where the machine is free, and whatever it takes where somebody plays thousands. */
const PATIENT = { timeout: 7_200_000 };

// What dies after each single change is tried in test/integration/swap.
describe(
  'an orchestrator that is killed at any instant of its own update',
  { skip: whyNot('dockerd') ?? false },
  () => {
    let machine: RealMachine;
    before(async () => {
      machine = await RealMachine.start(startDocker);
    });
    after(async () => machine.stop());

    test('is there once in the end, as it said', PATIENT, async (t) => {
      const started = performance.now();
      await assertConverges(machine, 'undisturbed', { version: '2', deaths: [], wins: true });
      const undisturbedMs = performance.now() - started;
      const limit = pLimit(AT_ONCE);
      const ends = await Promise.allSettled(
        seeds(4).map(async (seed) => limit(() => play(seed, undisturbedMs))),
      );
      const told = ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason)));
      for (const each of told) t.diagnostic(each);
      assert.ok(
        ends.every(({ status }) => status === 'fulfilled'),
        told.join('\n\n'),
      );
    });

    async function play(seed: number, undisturbedMs: number): Promise<string> {
      const dice = new Dice(seed);
      const ms = (): Death => ({ ms: Math.round(dice.fraction() * undisturbedMs) });
      // The old one, the new one, or one after the other.
      const deaths = dice.pick<readonly Death[]>([
        [ms()],
        [Number.POSITIVE_INFINITY, ms()],
        [ms(), ms()],
      ]);
      const version = dice.pick(['2', '2', '2', 'late-crashing']);
      const wins = version === '2' ? 'either' : false;
      const what = `seed ${seed}: to ${version}, deaths after ${JSON.stringify(deaths)}`;
      try {
        await assertConverges(machine, `orchestrator-${seed}`, { version, deaths, wins });
        return what;
      } catch (error) {
        const again = `SDR_MIRROR_KILL_SEED=${seed} SDR_MIRROR_KILL_SEEDS=1`;
        throw new Error(`${what} (${again}): ${(error as Error).message}`, { cause: error });
      }
    }
  },
);
