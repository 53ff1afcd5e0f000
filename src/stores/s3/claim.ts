import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../../options.ts';
import { conflict } from '../failure.ts';
import type { S3Object } from './object.ts';

const SUFFIX = '.claim-';
const WAIT_MS = 20_000;
const LONG_MS = 500;
const PAUSE_MS = 50;
const MAX_PAUSE_MS = 800;
/** A claim this much older than one's own is of a writer that died. */
const ABANDONED_MS = 60_000;
/** A writer that has not finished by then gives up, long before others take it for dead. */
const LEASE_MS = ABANDONED_MS / 2;

/** Held while the work of {@link withClaim} runs. */
export interface Claim {
  /** Throws once others may take the writer for dead; ask right before writing. */
  assertHeld(): void;
}

/**
 * Runs `work` while no other writer does so for the same object, without conditional writes: each
 * puts down a claim under a name of its own, then looks. Of two who do so at once at least one sees
 * the other's, if what was written shows in the next listing, and whoever is not alone withdraws.
 * Ages are compared by the store's clock alone.
 *
 * @throws MapStoreError `MAP_CONFLICT`: others were always there first
 */
export async function withClaim<T>(
  object: S3Object,
  location: string,
  work: (claim: Claim) => Promise<T>,
  options: Options,
): Promise<T> {
  const { signal } = options;
  const deadline = performance.now() + WAIT_MS;
  const seen = new Map<string, number>();
  for (let tries = 0; performance.now() < deadline; tries += 1) {
    const result = await tryOnce(object, location, work, seen, options);
    if (result !== undefined) return result.value;
    const pause = Math.random() * Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** tries);
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
  throw conflict(location);
}

async function tryOnce<T>(
  object: S3Object,
  location: string,
  work: (claim: Claim) => Promise<T>,
  seen: Map<string, number>,
  options: Options,
): Promise<{ readonly value: T } | undefined> {
  for (const { key } of await object.listBeside(SUFFIX, options)) {
    // Claiming would only make both withdraw. One that stands for long may be of a writer that
    // died: only a claim of one's own tells how late it is there.
    const since = seen.get(key) ?? performance.now();
    seen.set(key, since);
    if (performance.now() - since < LONG_MS) return undefined;
  }
  const started = performance.now();
  const mine = object.beside(`${SUFFIX}${randomUUID()}`);
  try {
    await mine.put('', { unconditional: true }, options);
    if (!(await isAlone(object, mine.key, options))) return undefined;
    const value = await work({
      assertHeld: () => {
        if (performance.now() - started > LEASE_MS) throw conflict(location);
      },
    });
    return { value };
  } finally {
    // Not cancelled with the rest: others would wait a minute for it.
    await mine.deleteVersions({});
  }
}

async function isAlone(object: S3Object, mine: string, options: Options): Promise<boolean> {
  const claims = await object.listBeside(SUFFIX, options);
  const now = claims.find(({ key }) => key === mine)?.modifiedAt;
  // A store whose listings lag cannot tell who is alone.
  if (now === undefined) return false;
  const others = claims.filter(({ key }) => key !== mine);
  const dead = others.filter(({ modifiedAt }) => now - modifiedAt > ABANDONED_MS);
  for (const { suffix } of dead) await object.beside(suffix).delete(options);
  return dead.length === others.length;
}
