/**
 * Compares the built product with its peers: `npm run bench -- [CASE …]`, all cases by default, then
 * writes the tables and the plot of docs/performance.md from the latest figures of every case.
 * Within a case rounds are interleaved, the target starts empty each time, and ratios are taken pair
 * by pair. `--quick` takes one round and writes nothing; `--only=NAME,NAME` leaves others out.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CASES, type Case } from './cases.ts';
import { CONTENDERS, missingFor, type ContenderName, type Task } from './contenders.ts';
import { countRequests } from './count.ts';
import { referencesOf } from './corpora.ts';
import { measure } from './measure.ts';
import { section, writeReport, type CaseResult, type Taken } from './report.ts';
import { keepResult } from './results.ts';
import { World } from './world.ts';

const TIMEOUT_MS = 20 * 60_000;

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const isQuick = process.argv.includes('--quick');
const cases = CASES.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice(7)
  .split(',');

const world = await World.open();
const isTrial = isQuick || only !== undefined;
try {
  for (const each of cases) {
    const result = await runCase(each);
    console.log(`\n${section(result)}`);
    if (!isTrial) await keepResult(result);
  }
} finally {
  await world.close();
}
if (!isTrial) await writeReport();

async function runCase(each: Case): Promise<CaseResult> {
  const { title, delayMs, tls, warm, once, isCounted } = each;
  const rounds = isQuick ? 1 : each.rounds;
  console.log(`\n${title}`);
  const names = each.contenders.filter((name) => isPresent(name) && (only?.includes(name) ?? true));
  const samples = new Map<ContenderName, Taken[]>();
  await world.start({ delayMs, tls, isLogged: false });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(world.folder, 'home'),
  };
  await mkdir(env.HOME, { recursive: true });
  const commands = new Map<ContenderName, string>();
  if (warm) {
    await world.delay(0);
    for (const name of names) {
      const command = await CONTENDERS[name].prepare(taskOf(name, each));
      commands.set(name, command);
      await measure(command, env, TIMEOUT_MS);
    }
    await world.delay(delayMs);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const taken = samples.get(name) ?? [];
      samples.set(name, taken);
      if (round > 0 && once.includes(name)) {
        taken.push(null);
        continue;
      }
      if (!warm) await world.emptyTarget();
      const command = commands.get(name) ?? (await CONTENDERS[name].prepare(taskOf(name, each)));
      // What a tool remembers of earlier targets would be wrong about this one.
      if (!warm) await forgetCaches(env.HOME);
      const sample = await measure(command, env, TIMEOUT_MS).catch((error: unknown) => {
        console.log(`  ${CONTENDERS[name].name.padEnd(18)} FAILED: ${String(error)}`);
        return 'failed' as const;
      });
      taken.push(sample);
      if (sample === 'failed') continue;
      const { seconds, cpuSeconds, megabytes } = sample;
      console.log(
        `  ${CONTENDERS[name].name.padEnd(18)} ${seconds.toFixed(2)} s, cpu ${cpuSeconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB`,
      );
    }
  }
  const counts =
    isCounted && !isQuick ? await countRequests(world, each, names, env) : new Map<string, never>();
  return {
    case: each,
    takenAt: new Date().toISOString(),
    samples: Object.fromEntries(samples),
    counts: Object.fromEntries(counts),
  };
}

function taskOf(name: ContenderName, { corpus, tls }: Case): Task {
  return {
    folder: join(world.folder, name),
    source: world.host('source'),
    target: world.host('target'),
    ca: tls ? world.certificate.certificate : undefined,
    publicKey: world.publicKey,
    references: referencesOf(corpus),
  };
}

function isPresent(name: ContenderName): boolean {
  const missing = missingFor(CONTENDERS[name]);
  if (missing.length === 0) return true;
  console.log(`  ${CONTENDERS[name].name}: left out, ${missing.join(', ')} not installed`);
  return false;
}

async function forgetCaches(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
}
