import type { ExitCode } from '../../exit-code.ts';
import type { CommandOptions } from '../../orchestrator/commands.ts';
import { listenForStop } from '../stop.ts';
import type { Terminal } from '../output/terminal.ts';

/**
 * Runs a command that may take minutes: says where it is, and ends it at a signal. One that is past
 * its commit point ends by itself, and what is left to tidy is left to the next run.
 */
export async function interruptible(
  terminal: Terminal,
  process: Pick<NodeJS.Process, 'on' | 'off'>,
  act: (options: CommandOptions) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { logger } = terminal;
  const stop = listenForStop(process, {
    graceMs: 0,
    onSignal: () =>
      logger.warn('stopping; a command that is cut short is finished by running it again'),
  });
  let last = '';
  try {
    return await act({
      signal: stop.drain,
      onProgress: ({ step, message }) => {
        const line = `${step}: ${message}`;
        if (line !== last) logger.info(line);
        last = line;
      },
    });
  } catch (error) {
    const code = stop.exitCode();
    if (code !== undefined && stop.drain.aborted) return code;
    throw error;
  } finally {
    stop.dispose();
  }
}
