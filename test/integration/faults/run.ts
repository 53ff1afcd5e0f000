import { parseArgs } from 'node:util';
import { LAB_SERVERS, startLab } from '../../support/faults/lab.ts';
import { runAll } from '../../support/faults/run-all.ts';
import type { Outcome } from '../../support/faults/run-schedule.ts';
import { summaryOf, tell } from '../../support/faults/tell.ts';
import { findBinary } from '../../support/servers/binaries.ts';

// Schedules by hand: `npm run faults -- --seeds 1000`, `npm run faults -- --seed 4711 --log`.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    processes: { type: 'string', default: '2' },
    parallel: { type: 'string', default: '12' },
    log: { type: 'boolean', default: false },
  },
});

const missing = LAB_SERVERS.filter((name) => findBinary(name) === undefined);
if (missing.length > 0) {
  throw new Error(`${missing.join(', ')}: not installed, run scripts/install-servers.sh`);
}
const seeds =
  values.seed === undefined
    ? Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index)
    : [Number(values.seed)];
const { lab, stop } = await startLab();
const outcomes: Outcome[] = [];
const enough = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => enough.abort());
try {
  await runAll(lab, seeds, {
    processes: Math.min(Number(values.processes), seeds.length),
    parallel: Number(values.parallel),
    signal: enough.signal,
    onOutcome: (outcome) => {
      outcomes.push(outcome);
      if (outcome.broken.length > 0 || values.seed !== undefined) console.log(tell(outcome));
      if (values.log) console.log(outcome.log);
    },
  });
} catch (error) {
  if (!enough.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await stop();
  // Those of a series that was stopped count as well.
  console.log(summaryOf(outcomes));
}
if (outcomes.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
