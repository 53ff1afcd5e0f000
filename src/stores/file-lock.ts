import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, readlink, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../options.ts';

// Node has no flock(2), and the libraries around lock files recover a stale lock by removing
// whatever is there by then, which may be the lock of the process that recovered first.

/** A holder that has not finished by then gives up; it needs milliseconds. */
const LEASE_MS = 30_000;
/** A lock this old is abandoned even if its holder cannot be asked: twice the lease. */
const ABANDONED_MS = 60_000;
const POLL_MS = 10;

/** Held while the work of {@link withFileLock} runs. */
export interface FileLock {
  /** Whether an abandoned lock was removed first: its holder may have left things lying about. */
  readonly isRecovered: boolean;
  /** Throws once the lock may be taken by others; ask right before the step that must be alone. */
  assertHeld(): void;
}

/** Who wrote a lock file. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly token: string;
}

interface FoundLock {
  /** Differs for every lock ever taken. */
  readonly identity: string;
  readonly holder: Holder | undefined;
  readonly ageMs: number;
}

/**
 * Runs `work` while no other process does so under the same lock file.
 *
 * The lock of a process that died is recovered, without a race: a lock is removed only by its
 * holder, or under a second lock that is named after this very lock.
 *
 * @param waitMs - how long to wait for others
 * @throws Error naming the holder, if it keeps the lock for that long
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: FileLock) => Promise<T>,
  options: Options & { readonly waitMs: number },
): Promise<T> {
  const started = performance.now();
  const holder: Holder = { host: await hostIdentity(), pid: process.pid, token: randomUUID() };
  let isRecovered = false;
  let leasedAt = performance.now();
  while (!(await tryCreate(path, holder))) {
    const found = await inspect(path);
    if (found !== undefined && isAbandoned(found, holder.host)) {
      await removeAbandoned(path, found, holder);
      isRecovered = true;
    } else {
      if (performance.now() - started > options.waitMs) throw new Error(describeHeld(path, found));
      await sleep(POLL_MS * (0.5 + Math.random()), undefined, options);
    }
    leasedAt = performance.now();
  }
  const isHeld = (): boolean => performance.now() - leasedAt < LEASE_MS;
  try {
    return await work({
      isRecovered,
      assertHeld: () => {
        if (!isHeld()) throw new Error(`held the lock ${path} for more than ${LEASE_MS} ms`);
      },
    });
  } finally {
    // After the lease it may be somebody else's; what is left is recovered by its age.
    if (isHeld()) await unlink(path);
  }
}

async function tryCreate(path: string, holder: Holder): Promise<boolean> {
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

/** The name of the very lock that is there now; `undefined` if none is. */
export async function lockIdentity(path: string): Promise<string | undefined> {
  return (await inspect(path))?.identity;
}

async function inspect(path: string): Promise<FoundLock | undefined> {
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

/** `undefined` for a file that is not, or not yet, completely written. */
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

function isAbandoned({ holder, ageMs }: FoundLock, host: string): boolean {
  return ageMs > ABANDONED_MS || (holder?.host === host && !isAlive(holder.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

async function removeAbandoned(path: string, found: FoundLock, holder: Holder): Promise<void> {
  const guard = `${path}.${found.identity}`;
  if (!(await tryCreate(guard, holder))) {
    // Somebody else is about to remove it, unless they died doing so.
    const other = await inspect(guard);
    if (other !== undefined && isAbandoned(other, holder.host)) {
      await removeAbandoned(guard, other, holder);
    } else {
      await sleep(POLL_MS);
    }
    return;
  }
  try {
    const now = await inspect(path);
    if (now?.identity === found.identity) await unlink(path);
  } finally {
    await unlink(guard);
  }
}

/**
 * Tells apart what shares a host name but not process ids: containers on the host's network, a
 * machine before and after a reboot.
 */
async function hostIdentity(): Promise<string> {
  const parts = await Promise.all([
    readlink('/proc/self/ns/pid').catch(notLinux),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(notLinux),
  ]);
  return [hostname(), ...parts.map((part) => part.trim())].join(' ');
}

function notLinux(): string {
  return '';
}

function describeHeld(path: string, found: FoundLock | undefined): string {
  const who = found?.holder;
  const by = who === undefined ? 'another process' : `process ${who.pid} on ${who.host}`;
  return `${by} holds the lock ${path}; if that process is gone, remove the file`;
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
