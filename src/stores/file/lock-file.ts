import { createHash } from 'node:crypto';
import { link, open, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock this old is abandoned even if its holder cannot be asked. */
export const ABANDONED_MS = 60_000;
/** How often a lock that is held is looked at again. */
export const POLL_MS = 10;

/** Who wrote a lock file. */
export interface Holder {
  /** Processes that share it can ask whether one another live. */
  readonly host: string;
  readonly pid: number;
  /** Differs for every attempt to take a lock. */
  readonly token: string;
}

/** A lock file as it was seen. */
export interface FoundLock {
  /** Names this very lock: another one in the same place has another identity. */
  readonly identity: string;
  /** `undefined` for a file that is not, or not yet, completely written. */
  readonly holder: Holder | undefined;
  readonly ageMs: number;
}

/** What a file system answers that has no hard links. */
const LINKLESS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/**
 * Takes the lock unless somebody has it. It appears complete, by a link: an empty one, of a holder that
 * was killed before it could write its name, would keep everybody waiting until it is old.
 */
export async function tryCreateLock(path: string, holder: Holder): Promise<boolean> {
  if (await isThere(path)) return false;
  const content = JSON.stringify(holder);
  const draft = `${path}.${holder.token}.tmp`;
  await writeFile(draft, content, { flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    // ENOENT: who has the lock meanwhile took the draft for something left behind.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!LINKLESS.has(code)) throw error;
    return await createInPlace(path, content);
  } finally {
    await rm(draft, { force: true });
  }
}

async function createInPlace(path: string, content: string): Promise<boolean> {
  let file;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(content);
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
  return true;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Looks at the lock that is there now; `undefined` if none is. */
export async function inspectLock(path: string): Promise<FoundLock | undefined> {
  try {
    const [text, { mtimeMs, ino }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return {
      identity: createHash('sha256').update(`${ino} ${text}`).digest('hex').slice(0, 16),
      holder: parseHolder(text),
      ageMs: Date.now() - mtimeMs,
    };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the holder of a lock is gone. */
export function isAbandoned({ holder, ageMs }: FoundLock, host: string): boolean {
  return ageMs > ABANDONED_MS || (holder?.host === host && !isAlive(holder.pid));
}

/**
 * Removes an abandoned lock, or leaves that to whoever is at it already.
 *
 * Several may have seen it, and once one has removed it the lock that is there may be somebody's
 * fresh one. So a lock is removed only under a guard that is named after it, and looked at again
 * under the guard. The guard is a lock file itself, and recovered in the same way.
 */
export async function removeAbandonedLock(
  path: string,
  found: FoundLock,
  holder: Holder,
): Promise<void> {
  const guard = `${path}.${found.identity}`;
  if (!(await tryCreateLock(guard, holder))) {
    const other = await inspectLock(guard);
    if (other !== undefined && isAbandoned(other, holder.host)) {
      await removeAbandonedLock(guard, other, holder);
    } else {
      await sleep(POLL_MS);
    }
    return;
  }
  try {
    const now = await inspectLock(path);
    if (now?.identity === found.identity) await unlink(path);
  } finally {
    // Whoever has the lock by now may have tidied it away.
    await rm(guard, { force: true });
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    const { host, pid, token } = value ?? {};
    return typeof host === 'string' && typeof pid === 'number' && typeof token === 'string'
      ? { host, pid, token }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
