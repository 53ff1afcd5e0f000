import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../../../src/cli/commands/run.ts';
import { openTerminal, printError } from '../../../src/cli/output/terminal.ts';
import { wireRun } from '../../../src/cli/wire.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { exitCodeOf } from '../../../src/exit-code.ts';
import type { Clock } from '../../../src/registry/http/clock.ts';
import { collecting } from '../command-line.ts';
import type { Ended } from './promises.ts';

/** So many times faster than any clock the job's own goes: what it waits for is soon over. */
const HASTE = 20;

/** A clock that runs ahead of the time of day. */
export function hastyClock(): Clock {
  const startedAt = Date.now();
  const started = performance.now();
  return {
    now: () => startedAt + (performance.now() - started) * HASTE,
    async sleep(ms, signal) {
      try {
        await delay(ms / HASTE, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : error;
      }
    },
    random: () => Math.random(),
  };
}

/** `mirror run --output json`, in this process and with a clock and a resolver of its own. */
export async function runJob(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly lookup: LookupFunction;
}): Promise<Ended> {
  const { folder: cwd, env, clock, lookup } = options;
  const stdout = collecting(undefined);
  const stderr = collecting(undefined);
  const streams = { stdout: stdout.stream, stderr: stderr.stream };
  // Of a terminal no more than writing is used; the type cannot say so.
  const terminal = openTerminal(streams as unknown as Parameters<typeof openTerminal>[0], {
    format: 'json',
    logLevel: 'debug',
  });
  const world = { env, cwd, logger: terminal.logger, now: Date.now, clock, lookup };
  const ended = (exitCode: number): Ended => ({
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
  });
  try {
    const config = await loadConfig({ env, cwd, readFile: async (path) => readFile(path, 'utf8') });
    const wired = await wireRun(config, world);
    try {
      const process = new EventEmitter() as unknown as NodeJS.Process;
      return ended(await runCommand(wired, terminal, process, { until: 'publish' }));
    } finally {
      wired.close();
    }
  } catch (error) {
    printError(error, terminal);
    return ended(exitCodeOf(error));
  }
}
