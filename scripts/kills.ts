import { parseArgs } from 'node:util';
import { execa } from 'execa';

// `npm run kills -- --seeds 200 --seed 1000`: the kill tests with more seeds than CI plays, or with the one that failed.
const { values } = parseArgs({
  options: {
    /** How many, one after the other from `--seed` on. */
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    /** Only the tests whose names match. */
    only: { type: 'string' },
  },
});
for (const [option, value] of [
  ['--seeds', values.seeds],
  ['--seed', values.seed],
] as const) {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`${option} takes a number: ${value}`);
}
const pattern = values.only === undefined ? [] : [`--test-name-pattern=${values.only}`];
const { exitCode = 1 } = await execa(
  process.execPath,
  ['--test', '--test-concurrency=1', ...pattern, 'test/integration/kills/*.test.ts'],
  {
    stdio: 'inherit',
    reject: false,
    env: {
      SDR_MIRROR_INTEGRATION: '1',
      SDR_MIRROR_KILL_SEEDS: values.seeds,
      SDR_MIRROR_KILL_SEED: values.seed,
    },
  },
);
process.exitCode = exitCode;
