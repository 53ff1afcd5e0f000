import { parseArgs } from 'node:util';
import { LAB_SERVERS, startLab } from '../../support/faults/lab.ts';
import { runAll, summaryOf, tell } from '../../support/faults/run-all.ts';
import { findBinary } from '../../support/servers/binaries.ts';

/** `npm run faults -- --seeds 1000`, `npm run faults -- --seed 4711`: schedules by hand. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    parallel: { type: 'string', default: '16' },
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
const lab = await startLab();
try {
  const outcomes = await runAll(lab, seeds, Number(values.parallel), (outcome) => {
    if (outcome.broken.length > 0 || values.seed !== undefined) console.log(tell(outcome));
    if (values.log) console.log(outcome.log);
  });
  console.log(summaryOf(outcomes));
  if (outcomes.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
} finally {
  await lab.stop();
}
