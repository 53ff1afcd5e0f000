import { randomUUID } from 'node:crypto';
import { readFile, readlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../../options.ts';
import {
  ABANDONED_MS,
  type FoundLock,
  type Holder,
  inspectLock,
  isAbandoned,
  POLL_MS,
  removeAbandonedLock,
  tryCreateLock,
} from './lock-file.ts';

// Node has no flock(2), and the libraries around lock files recover an abandoned lock by removing
// whatever is there by then, which may be the lock of the process that recovered first.

/** A holder that has not finished by then gives up, long before others take it for dead. */
const LEASE_MS = ABANDONED_MS / 2;

/** Held while the work of {@link withFileLock} runs. */
export interface FileLock {
  /** Throws once the lock may be taken by others; ask right before the step that must be alone. */
  assertHeld(): void;
}

/**
 * Runs `work` while no other process does so under the same lock file. The lock of a process that
 * died is recovered at once on the same host, after a minute from another.
 *
 * @param path - the lock file; its folder must exist
 * @throws Error naming the holder, if it keeps the lock for `waitMs`
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: FileLock) => Promise<T>,
  options: Options & { readonly waitMs: number },
): Promise<T> {
  const { signal, waitMs } = options;
  const deadline = performance.now() + waitMs;
  const holder: Holder = { host: await hostIdentity(), pid: process.pid, token: randomUUID() };
  let leasedAt = performance.now();
  while (!(await tryCreateLock(path, holder))) {
    const found = await inspectLock(path);
    if (found !== undefined && isAbandoned(found, holder.host)) {
      await removeAbandonedLock(path, found, holder);
    } else {
      if (performance.now() > deadline) throw new Error(describeHeld(path, found));
      const pause = POLL_MS * (0.5 + Math.random());
      await sleep(pause, undefined, signal === undefined ? {} : { signal });
    }
    leasedAt = performance.now();
  }
  const isHeld = (): boolean => performance.now() - leasedAt < LEASE_MS;
  try {
    return await work({
      assertHeld: () => {
        if (!isHeld()) throw new Error(`held the lock ${path} for more than ${LEASE_MS} ms`);
      },
    });
  } finally {
    // After the lease it may be somebody else's; what is left is recovered by its age.
    if (isHeld()) await unlink(path);
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
  return [hostname(), ...parts.map((part) => part.trim())].join(' ').trim();
}

function notLinux(): string {
  return '';
}

function describeHeld(path: string, found: FoundLock | undefined): string {
  const who = found?.holder;
  const by = who === undefined ? 'another process' : `process ${who.pid} on ${who.host}`;
  return `${by} holds the lock ${path}; if that process is gone, remove the file`;
}
