import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice.ts';
import { lookAt, type Looked } from './look.ts';
import { FOREIGN_MAP } from './map-look.ts';
import type { Store } from '../map-stores/map-store.ts';
import { Ambush, counting, MOMENTS, startKillRelay, type Counted } from './relay.ts';
import { startJob, writeJob, type Job, type JobEnd, type KillScene } from './scene.ts';

/** What an undisturbed job takes: kills are spread over it. */
export interface Undisturbed {
  readonly ms: number;
  /** Requests to all that is watched. */
  readonly asked: Counted;
}

export interface RoundOptions {
  readonly scene: KillScene;
  readonly store: Store;
  readonly seed: number;
  readonly undisturbed: Undisturbed;
  /** Where at the target; a prefix that has been mirrored to leaves the map alone to be done. */
  readonly prefix: string;
  /** Which requests count: those to the registries and the store, or to the store alone. */
  readonly watched: 'everything' | 'store';
}

/** What a round did, for the sums and for whoever plays it again. */
export interface Round {
  readonly kills: readonly Kill[];
}

export interface Kill {
  readonly signal: 'SIGKILL' | 'SIGTERM';
  /** Where it struck: a request and a moment of it, or so many milliseconds after the start. */
  readonly at: string;
  readonly phase: string;
  readonly exitCode: number | undefined;
}

const never = (): undefined => undefined;
const MOST_KILLS = 3;
/** A job that is told to stop has 20 s for what is in flight and 8 s for the map. */
const DRAIN_MS = 30_000;

/**
 * Kills jobs, one after the other, at instants that the seed chooses; looks after each at the registry
 * and the map; then lets one run to its end.
 *
 * @throws AssertionError a promise is broken
 */
export async function playRound(options: RoundOptions): Promise<Round> {
  const { scene, store, seed, prefix, undisturbed, watched } = options;
  const dice = new Dice(seed);
  const folder = join(scene.folder, `${store.name}-${watched}-${seed}`);
  await mkdir(join(folder, 'map'), { recursive: true });
  const key =
    store.host === undefined
      ? join(folder, 'map/image-map.yaml')
      : `${watched}-${seed}/image-map.yaml`;
  const place = store.place(key);
  const before = dice.pick([FOREIGN_MAP, FOREIGN_MAP, undefined]);
  if (before !== undefined) await place.edit(() => before);

  let ambush: Ambush | undefined;
  const others = watched === 'everything' ? () => ambush : never;
  const relays = await Promise.all([
    startKillRelay(scene.source.host, others),
    startKillRelay(scene.target.host, others),
    startKillRelay(store.host ?? '127.0.0.1:9', () => ambush),
  ]);
  const [source, target, storeRelay] = relays.map(({ host }) => host) as [string, string, string];
  try {
    const job = await writeJob(scene, folder.slice(scene.folder.length + 1), {
      source,
      target,
      prefix,
      map: place.settings(storeRelay),
      concurrency: dice.pick([1, 4]),
    });
    const look = async (earlier: Looked | undefined): Promise<Looked> =>
      lookAt({ scene, place, key, prefix, targetHost: target, before, folder: job, earlier });
    const kills: Kill[] = [];
    let looked = await look(undefined);
    let left = undisturbed;
    const planned = dice.whole(1, MOST_KILLS);
    while (kills.length < planned) {
      const { kill, end } = await killOne(job, dice, left, (laid) => (ambush = laid));
      left = leftOf(left, ambush?.seen);
      ambush = undefined;
      kills.push(kill);
      const now = await look(looked);
      assertEnd(kill, end, looked, now);
      looked = now;
    }
    const last = await startJob(job);
    assert.equal(
      last.exitCode,
      0,
      `the next run ended with ${last.exitCode}:\n${last.stderr}${last.stdout}`,
    );
    looked = await look(looked);
    looked.assertComplete();
    return { kills };
  } catch (error) {
    const which = `seed ${seed} (${store.name}, ${watched}): SDR_MIRROR_KILL_SEED=${seed} SDR_MIRROR_KILL_SEEDS=1`;
    throw new Error(`${which}\n${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await Promise.all(relays.map(async ({ close }) => close()));
  }
}

async function killOne(
  folder: string,
  dice: Dice,
  { ms, asked }: Undisturbed,
  lay: (ambush: Ambush) => void,
): Promise<{ readonly kill: Kill; readonly end: JobEnd }> {
  const signal = dice.pick<Kill['signal']>(['SIGKILL', 'SIGKILL', 'SIGTERM']);
  const moment = dice.pick(MOMENTS);
  const counts = dice.pick<keyof Counted>(['requests', 'writes']);
  const nth = Math.ceil(dice.fraction() * asked[counts]);
  const afterMs = dice.fraction() * ms;
  const byTime = nth === 0 || dice.fraction() < 0.2;
  let job: Job | undefined;
  const strike = async (): Promise<'dead' | 'alive'> => {
    job?.kill(signal);
    if (signal === 'SIGTERM') return 'alive';
    await job;
    return 'dead';
  };
  const ambush = new Ambush({ nth: byTime ? 0 : nth, counts, moment }, strike);
  lay(ambush);
  job = startJob(folder);
  const ending = (async () => job)();
  if (byTime) {
    const isOver = new AbortController();
    const timer = delay(afterMs, undefined, { signal: isOver.signal }).then(strike, () => 'dead');
    await ending;
    isOver.abort();
    await timer;
  }
  const end = await within(DRAIN_MS, ending, job);
  const at = byTime
    ? `${Math.round(afterMs)} ms`
    : (ambush.struckAt ?? `${counts} ${nth}, which never came`);
  return { kill: { signal, at, phase: phaseOf(at, byTime), exitCode: end.exitCode }, end };
}

/** What the job after one that has asked so much has to ask, at least nearly. */
function leftOf({ ms, asked }: Undisturbed, seen: Counted | undefined): Undisturbed {
  const requests = Math.max(8, asked.requests - (seen?.requests ?? 0));
  const writes = Math.max(1, asked.writes - (seen?.writes ?? 0));
  return { ms, asked: { requests, writes } };
}

/** A killed job is dead; one that is told to stop ends by itself and says so; else it was faster. */
function assertEnd(kill: Kill, end: JobEnd, before: Looked, now: Looked): void {
  const told = `${kill.signal} at ${kill.at}: ${end.exitCode ?? end.signal}\n${end.stderr}`;
  if (kill.signal === 'SIGKILL') {
    assert.ok(end.signal === 'SIGKILL' || end.exitCode === 0, told);
    return;
  }
  // Before the program listens the signal itself ends it: nothing has begun by then.
  if (end.signal === 'SIGTERM') assert.equal(now.text, before.text, told);
  else assert.ok(end.exitCode === 143 || end.exitCode === 0, told);
  const tagged = [...now.tagged].filter((one) => !before.tagged.has(one));
  const unpublished = tagged.filter((one) => !now.mapped.has(one));
  assert.deepEqual(unpublished, [], `finished and not published; ${told}`);
}

async function within(ms: number, ending: Promise<JobEnd>, job: Job): Promise<JobEnd> {
  const over = new AbortController();
  const late = (async () => {
    await delay(ms, undefined, { signal: over.signal });
    job.kill('SIGKILL');
    throw new Error(`the job did not end within ${ms} ms`);
  })();
  try {
    return await Promise.race([ending, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

/** In a few words what the job was about. */
function phaseOf(at: string, byTime: boolean): string {
  if (byTime) return 'at some time';
  if (at.includes('never came')) return 'not struck';
  if (/\/blobs\/uploads\//.test(at)) return 'blob upload';
  if (/\/blobs\//.test(at)) return 'blob';
  if (/manifests\/sha256-/.test(at)) return 'signature';
  if (/PUT \S+\/manifests\//.test(at)) return 'manifest upload';
  if (/\/manifests\//.test(at)) return 'manifest';
  if (/\/v2\/ ?|\/v2\/,/.test(at)) return 'login';
  return 'map';
}

/** Measures a job that nobody disturbs; twice, since the first reads all from the disk. */
export async function measure(
  options: Omit<RoundOptions, 'seed' | 'undisturbed'>,
): Promise<Undisturbed> {
  const { scene, store, watched } = options;
  let last: Undisturbed = { ms: 0, asked: { requests: 0, writes: 0 } };
  for (const count of [1, 2]) {
    const ambush = counting();
    const others = watched === 'everything' ? () => ambush : never;
    const relays = await Promise.all([
      startKillRelay(scene.source.host, others),
      startKillRelay(scene.target.host, others),
      startKillRelay(store.host ?? '127.0.0.1:9', () => ambush),
    ]);
    const name = `measure-${store.name.toLowerCase()}-${watched}-${count}`;
    const key =
      store.host === undefined ? join(scene.folder, name, 'map/map.yaml') : `${name}/map.yaml`;
    if (store.host === undefined) await mkdir(dirname(key), { recursive: true });
    const [source, target, host] = relays.map((relay) => relay.host) as [string, string, string];
    const map = store.place(key).settings(host);
    const prefix = watched === 'store' ? options.prefix : name;
    const folder = await writeJob(scene, name, { source, target, prefix, map, concurrency: 4 });
    const started = performance.now();
    const { exitCode, stderr } = await startJob(folder);
    assert.equal(exitCode, 0, stderr);
    last = { ms: performance.now() - started, asked: ambush.seen };
    await Promise.all(relays.map(async ({ close }) => close()));
  }
  return last;
}
