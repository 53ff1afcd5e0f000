import type { ExitCode } from '../exit-code.ts';
import { keepHeapSmall } from './small-heap.ts';
import { unsupportedNode } from './node-version.ts';

const VERSION_OPTIONS: ReadonlySet<string | undefined> = new Set(['--version', '-V']);

/** A connection that somebody forgot to close must not keep a job from ending. */
const LEAVE_AFTER_MS = 2_000;

/**
 * Starts a program, after a look at the Node it runs on: on one that is too old the dependencies
 * would fail in their own words.
 */
export async function start(
  process: NodeJS.Process,
  load: () => Promise<{ readonly main: (process: NodeJS.Process) => Promise<ExitCode> }>,
): Promise<void> {
  const problem = unsupportedNode(process.versions.node);
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    process.exitCode = 2;
    return;
  }
  const [, , option, ...others] = process.argv;
  if (VERSION_OPTIONS.has(option) && others.length === 0) {
    // Asked by scripts and probes: the parser of the other arguments would take as long as Node itself.
    const { packageVersion } = await import('./version.ts');
    process.stdout.write(`${packageVersion()}\n`);
    return;
  }
  const { main } = await load();
  // Not earlier: half of what is read and compiled until here is garbage, and collecting it in small pieces
  // takes ten milliseconds.
  keepHeapSmall();
  process.exitCode = await main(process);
  setTimeout(() => process.exit(), LEAVE_AFTER_MS).unref();
}
