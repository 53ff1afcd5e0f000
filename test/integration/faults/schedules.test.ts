import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAB_SERVERS, startLab } from '../../support/faults/lab.ts';
import { runAll } from '../../support/faults/run-all.ts';
import { summaryOf, tell } from '../../support/faults/tell.ts';
import { requireServer } from '../../support/servers/binaries.ts';

/** Each is a run with faults and a run after it; `npm run faults` has more of them. */
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);
/** Far beyond what two idle cores need: a schedule that hangs is told of as such, by its seed. */
const TIMEOUT_MS = 15 * 60_000;

test('two hundred schedules of faults break no promise', { timeout: TIMEOUT_MS }, async (t) => {
  if (!requireServer(t, ...LAB_SERVERS)) return;
  const { lab, stop } = await startLab();
  t.after(stop);
  const outcomes = await runAll(lab, SEEDS, { processes: 2, parallel: 12 });
  t.diagnostic(summaryOf(outcomes));
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0);
  assert.equal(broken.length, 0, broken.map(tell).join('\n\n'));
});
