import { setTimeout as delay } from 'node:timers/promises';
import { runJob } from './job.ts';
import type { Lab } from './lab.ts';
import { brokenPromises, isComplete, type Ended } from './promises.ts';
import { Schedule, type Injected } from './schedule.ts';
import { startSite, type Site } from './site.ts';

/** What came of a schedule. */
export interface Outcome {
  readonly seed: number;
  readonly injected: readonly Injected[];
  /** Broken promises, in words; empty: none. */
  readonly broken: readonly string[];
  /** Of the run that suffered. */
  readonly exitCode: number;
  readonly durationMs: number;
  /** What the runs wrote, for whoever looks for the reason. */
  readonly log: string;
}

/** A run that has not ended by then never will. */
const WATCHDOG_MS = 240_000;
const ACCEPTED_BAD = 4;

/**
 * One run with faults, one without that has to complete the work, and one that has nothing to do;
 * after each the promises are checked.
 */
export async function runSchedule(lab: Lab, seed: number): Promise<Outcome> {
  const schedule = new Schedule(seed);
  const site = await startSite(lab, schedule);
  const started = performance.now();
  const broken: string[] = [];
  let log = '';
  let exitCode = Number.NaN;
  const pass = async (name: string): Promise<Ended | undefined> => {
    const ended = await watched(site);
    if (ended === undefined) {
      broken.push(`${name}: it hangs`);
      return undefined;
    }
    log += `--- ${name}: exit code ${ended.exitCode}\n${ended.stderr}${ended.stdout}\n`;
    const scene = await sceneOf(site, ended);
    broken.push(...(await brokenPromises(scene)).map((each) => `${name}: ${each}`));
    return ended;
  };
  try {
    const isStormy = schedule.storm !== undefined;
    await site.configure({
      silence: '2s',
      image: isStormy ? '8s' : '40s',
      run: isStormy ? '16s' : '80s',
    });
    const faulty = await pass('the run with faults');
    exitCode = faulty?.exitCode ?? Number.NaN;
    broken.push(...site.strayed().map((each) => `promise 7: ${each}`));
    schedule.end();
    if (faulty !== undefined) broken.push(...(await recover(seed, site, pass)));
  } finally {
    await site.close();
  }
  const durationMs = performance.now() - started;
  return { seed, injected: schedule.injected, broken, exitCode, durationMs, log };
}

/** What a run without faults makes of what a run with faults left, and what is left for the next. */
async function recover(
  seed: number,
  site: Site,
  pass: (name: string) => Promise<Ended | undefined>,
): Promise<readonly string[]> {
  await site.configure({ silence: '60s', image: '10m', run: '10m' });
  const isClean = site.announced.every(({ isGood }) => isGood);
  const wanted = isClean ? 0 : ACCEPTED_BAD;
  const second = await pass('the run after');
  if (second === undefined) return [];
  if (second.exitCode !== wanted) {
    return [`promise 5: the run after ended with ${second.exitCode}, not ${wanted}`];
  }
  if (!isComplete(await sceneOf(site, second)))
    return ['promise 5: the run after left the map incomplete'];
  if (!isClean || seed % 4 !== 0) return [];
  site.requests();
  const before = await site.map();
  const third = await watched(site);
  const requests = site.requests().filter((request) => !request.startsWith('target GET /token'));
  const others = requests.filter((request) => !/^\w+ HEAD \S+\/manifests\//.test(request));
  // The first of them is turned away once for its token.
  const most = 2 * site.announced.length + 1;
  return [
    ...(third?.exitCode === 0
      ? []
      : [`promise 5: nothing to do, and exit code ${third?.exitCode}`]),
    ...(before === (await site.map()) ? [] : ['promise 5: nothing to do, and the map was written']),
    ...(others.length === 0 ? [] : [`promise 5: nothing to do, and asked ${others.join(', ')}`]),
    ...(requests.length <= most
      ? []
      : [`promise 5: nothing to do took ${requests.length} requests`]),
  ];
}

async function watched(site: Site): Promise<Ended | undefined> {
  const watchdog = new AbortController();
  const hung = delay(WATCHDOG_MS, undefined, { signal: watchdog.signal }).catch(() => undefined);
  const ended = await Promise.race([runJob(site), hung]);
  watchdog.abort();
  return ended ?? undefined;
}

async function sceneOf(site: Site, ended: Ended) {
  return {
    ...site,
    ended,
    map: await site.map(),
    removedTooLate: site.removedTooLate(),
    secrets: site.secrets(),
    written: await site.written(),
  };
}
