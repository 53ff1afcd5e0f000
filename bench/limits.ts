/**
 * Whether time, memory and requests stay in proportion up to the limits: `npm run bench:limits --
 * [--divide=N] [CASE …]`, all cases by default, each at three sizes. Writes the table of
 * docs/performance.md from the latest figures of every case. Ends with 1 if something grows faster than it may.
 */
import { temporaryFolder } from '../test/support/servers/server-process.ts';
import { LIMITS, type LimitCase } from './limits/cases.ts';
import { growth, GROWTHS, keepLimit, rowsOf, writeLimits, type Measured } from './limits/report.ts';
import { measure } from './measure.ts';

/** In proportion, and some noise of the machine. What is done once makes it less. */
const MOST = 1.25;
const TIMEOUT_MS = 30 * 60_000;

/** For a machine that has something else to do. */
const divisor = Number(process.argv.find((each) => each.startsWith('--divide='))?.slice(9) ?? 1);
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
for (const each of LIMITS) {
  if (wanted.length > 0 && !wanted.includes(each.id)) continue;
  const samples: Measured[] = [];
  for (const size of each.sizes) samples.push(await sample(each, size / divisor));
  await keepLimit(each, samples);
  console.log(rowsOf(each, samples));
  for (const [what, of] of Object.entries(GROWTHS)) {
    if (growth(samples, of) <= MOST) continue;
    console.log(`${each.id}: ${what} grows faster than in proportion`);
    process.exitCode = 1;
  }
}
await writeLimits();

async function sample({ id, prepare }: LimitCase, size: number): Promise<Measured> {
  const folder = await temporaryFolder(`limits-${id}`);
  const job = await prepare(folder.path, size);
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path };
    const taken = await measure(job.command, env, TIMEOUT_MS);
    await job.check();
    return { size, requests: job.requests(), ...taken };
  } finally {
    await job.close();
    await folder.remove();
  }
}
