import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** How one test file ended. */
export interface FileRun {
  readonly file: string;
  readonly isGood: boolean;
  readonly seconds: number;
  /** All it printed. */
  readonly output: string;
}

export interface FileOptions {
  /** What the command is put behind: what gives it a machine of its own, or nothing. */
  readonly launcher: readonly string[];
  /** What it is killed after, with all that it started: it hangs. */
  readonly timeoutMs: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A suite waits for servers, on a machine that others use, too. */
const TEST_TIMEOUT_MS = 300_000;

/** Runs one test file, with temporary files of its own. */
export async function runFile(
  file: string,
  { launcher, timeoutMs, cwd, env = {} }: FileOptions,
): Promise<FileRun> {
  // Short, since sockets lie in it: the kernel takes 108 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'it-'));
  const test = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`, file];
  const [program = '', ...args] = [...launcher, process.execPath, ...test];
  const start = performance.now();
  try {
    // As /tmp is, since an engine of another user writes there, too.
    await execa('chmod', ['1777', folder]);
    const { exitCode, timedOut, all } = await execa(program, args, {
      cwd,
      // A test runner that was started by one would report to it instead of printing.
      env: { ...env, TMPDIR: folder, NODE_TEST_CONTEXT: undefined },
      all: true,
      stdin: 'ignore',
      reject: false,
      timeout: timeoutMs,
    });
    const seconds = Math.round((performance.now() - start) / 1000);
    const output = timedOut ? `${all}\n✖ ${file} was killed after ${seconds} s: it hangs` : all;
    return { file, isGood: exitCode === 0, seconds, output };
  } finally {
    // What stays costs disk and nothing else.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      console.error(`${folder} could not be removed: ${String(error)}`);
    });
  }
}
