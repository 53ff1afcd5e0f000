import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { binary } from '../test/support/servers/binaries.ts';

/** What one run of a command took. */
export interface Sample {
  readonly seconds: number;
  /** Of the processor, in the command and everything it started. */
  readonly cpuSeconds: number;
  /** Most memory any single process of it had, in MB. */
  readonly megabytes: number;
}

/**
 * Runs a shell command and takes its time, by GNU time.
 *
 * @throws Error with the end of its output, if it fails or takes too long
 */
export async function measure(
  command: string,
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const report = join(folder, 'time');
  const started = performance.now();
  try {
    const child = execa(binary('time'), ['-f', '%U %S %M', '-o', report, 'bash', '-c', command], {
      env: { ...env },
      all: true,
      reject: false,
      timeout: timeoutMs,
      detached: true,
      stdin: 'ignore',
    });
    const result = await child;
    const seconds = (performance.now() - started) / 1000;
    if (result.failed) {
      if (result.timedOut && child.pid !== undefined) killGroup(child.pid);
      throw new Error(`${result.shortMessage}: ${result.all.slice(-600)}`);
    }
    const [user = 0, system = 0, kilobytes = 0] = (await readFile(report, 'utf8'))
      .trim()
      .split(' ')
      .map(Number);
    return { seconds, cpuSeconds: user + system, megabytes: (kilobytes * 1024) / 1e6 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
