import { createHash } from 'node:crypto';
import { open, readFile, stat, unlink } from 'node:fs/promises';
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

/** Takes the lock unless somebody has it. */
export async function tryCreateLock(path: string, holder: Holder): Promise<boolean> {
  let file;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(JSON.stringify(holder));
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
  return true;
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
    await unlink(guard);
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
