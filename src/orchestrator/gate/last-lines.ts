import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { ContainerId } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';

/** Enough to see why a program ended, little enough for a message. */
const LINES = 50;
const LONGEST_LINE = 500;

/** The last lines a container wrote, secrets taken out; one line saying so if they cannot be had. */
export async function lastLines(
  engine: Pick<ContainerEngine, 'logs'>,
  id: ContainerId,
  redact: (line: string) => string,
  options: Options = {},
): Promise<readonly string[]> {
  try {
    const lines = await engine.logs(id, { ...options, tail: LINES });
    return lines.map(({ text }) => redact(text).slice(0, LONGEST_LINE));
  } catch (error) {
    options.signal?.throwIfAborted();
    return [`(its log could not be read: ${errorMessage(error)})`];
  }
}
