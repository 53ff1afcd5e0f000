import type * as activity from '@temporalio/activity';
import type * as common from '@temporalio/common';
import type * as worker from '@temporalio/worker';
import { ConfigError, errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';

/** The packages of Temporal that the running orchestrator needs. */
export interface TemporalSdk {
  readonly activity: typeof activity;
  readonly common: typeof common;
  readonly worker: typeof worker;
}

// Optional peers: a job that only mirrors does without their 185 MB.
const PACKAGES = ['@temporalio/activity', '@temporalio/common', '@temporalio/worker'] as const;

/**
 * Loads Temporal's packages, which are not installed with the mirror.
 *
 * @throws ConfigError naming the command that installs them
 */
export async function loadTemporalSdk(
  load: (name: (typeof PACKAGES)[number]) => Promise<unknown> = async (name) => import(name),
): Promise<TemporalSdk> {
  try {
    const [activity, common, worker] = await Promise.all(PACKAGES.map(async (name) => load(name)));
    return { activity, common, worker } as TemporalSdk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
      throw new ConfigError(
        `the orchestrator needs Temporal's packages, which are not installed: npm install ${PACKAGES.join(' ')} (the orchestrator's image has them)`,
        error,
      );
    }
    // Their native core is made for glibc; on musl it is found and cannot be loaded.
    throw new ConfigError(
      `Temporal's packages cannot be loaded on ${process.platform} ${process.arch}: they need Linux with glibc, macOS or Windows. Use the orchestrator's image.`,
      error,
    );
  }
}

const installed = new WeakSet<object>();

/**
 * Sets up the native core, once a process: its log lines come to our logger, it takes no signal
 * away from the command line, and opens no port.
 */
export function installRuntime({ worker }: TemporalSdk, logger: Logger): void {
  if (installed.has(worker.Runtime)) return;
  installed.add(worker.Runtime);
  worker.Runtime.install({
    shutdownSignals: [],
    logger: new worker.DefaultLogger('INFO', (entry) => {
      say(logger, entry);
    }),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}

/**
 * What matters to the operator is said by the duty and the activities, once; the core warns of each
 * retry of each of its polls, which is hundreds of lines for a minute without a server.
 */
function say(logger: Logger, { level, message, meta }: worker.LogEntry): void {
  const error: unknown = meta?.['error'];
  const fields = error === undefined ? {} : { reason: errorMessage(error) };
  if (level === 'ERROR') logger.warn(`temporal: ${message}`, fields);
  else logger.debug(`temporal: ${message}`, fields);
}
