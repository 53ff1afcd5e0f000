import type { ExitCode } from '../exit-code.ts';
import { unsupportedNode } from './node-version.ts';

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
  const { main } = await load();
  process.exitCode = await main(process);
  setTimeout(() => process.exit(), LEAVE_AFTER_MS).unref();
}
