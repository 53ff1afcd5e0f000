import { readFile } from 'node:fs/promises';

/** Fewer bytes than that are no transfer: a runtime that is idle wakes itself by a few. */
const LEAST_BYTES = 1024;
const LOOKS = 8;

/**
 * Watches whether a process moves bytes, by what Linux counts for it. Elsewhere nobody tells, and
 * nothing is ever heard from this.
 *
 * @param ms - milliseconds without a byte, read or written, that are too many
 * @returns ends the watch
 */
export function watchSilence(
  pid: number | undefined,
  ms: number,
  onSilence: () => void,
): () => void {
  let moved = 0;
  let since = performance.now();
  const look = async (): Promise<void> => {
    const now = await movedBytes(pid);
    if (now === undefined) return;
    if (now - moved >= LEAST_BYTES) {
      moved = now;
      since = performance.now();
    } else if (performance.now() - since >= ms) {
      onSilence();
    }
  };
  const timer = setInterval(() => void look(), Math.ceil(ms / LOOKS));
  return () => clearInterval(timer);
}

/** Everything that a process has read and written so far; sockets are in it. See proc_pid_io(5). */
async function movedBytes(pid: number | undefined): Promise<number | undefined> {
  try {
    const counters = await readFile(`/proc/${pid}/io`, 'utf8');
    const [read, written] = ['rchar', 'wchar'].map((name) =>
      Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(counters)?.[1]),
    );
    return (read ?? 0) + (written ?? 0);
  } catch {
    // Another system, or the process has ended.
    return undefined;
  }
}
