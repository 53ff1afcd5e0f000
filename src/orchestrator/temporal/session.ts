import type { NativeConnection, Worker } from '@temporalio/worker';
import { ControlPlaneError, errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Environment } from '../../registry/http/agents.ts';
import type { Clock } from '../../registry/http/clock.ts';
import { PULSE_MS, type RunningActivities } from './activities.ts';
import { connectTemporal } from './connection.ts';
import { pause, withinMs } from './pause.ts';
import type { TemporalSdk } from './sdk.ts';
import { ShownTokens } from './shown-tokens.ts';
import type { Token } from './tokens.ts';
import { isRefusal, keepProbing, keepTokenFresh, type Upkeep } from './upkeep.ts';

/** What a worker is made of. */
export interface SessionParts extends Upkeep {
  readonly sdk: TemporalSdk;
  /** The bundled workflows, a file. */
  readonly bundle: string;
  readonly running: RunningActivities;
  readonly env: Environment;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 1_000;
/** What finishes by itself in this time is not cancelled when the duty ends. */
export const GRACE_MS = 5_000;
/** A worker that is asked to end and cannot tell the server so is left behind after this. */
const END_WITHIN_MS = 15_000;

/**
 * One connection and one worker on it, until the signal ends it or it breaks.
 *
 * @param onPolling - called once the worker polls
 * @throws ControlPlaneError, or whatever broke the worker. Resolves if the signal ended it.
 */
export async function runSession(
  parts: SessionParts,
  signal: AbortSignal,
  onPolling: () => void,
): Promise<void> {
  const token = await parts.tokens?.token({ signal });
  const connection = await connect(parts, token, signal);
  const shown = new ShownTokens(token);
  const kept = { connection, shown };
  try {
    const worker = await createWorker(parts, connection);
    const ended = settled(worker.run());
    parts.board.polling();
    onPolling();
    // What is in flight at the end still needs a token to report itself.
    const over = new AbortController();
    const helpers = [
      keepTokenFresh(parts, kept, token, over.signal),
      keepProbing(parts, kept, over.signal),
    ];
    try {
      await untilStopped(worker, ended, { clock: parts.clock, shown }, signal);
      await end(worker, ended, parts);
    } finally {
      over.abort();
      await Promise.all(helpers);
    }
  } finally {
    await close(connection, parts.logger);
  }
}

async function connect(
  { sdk, settings, tokens, env, clock }: SessionParts,
  token: Token | undefined,
  signal: AbortSignal,
): Promise<NativeConnection> {
  try {
    return await connectTemporal(sdk, settings, token, { env, clock, signal });
  } catch (error) {
    if (token !== undefined && isRefusal(error)) tokens?.refused(token);
    throw error;
  }
}

async function createWorker(
  { sdk, settings, bundle, running }: SessionParts,
  connection: NativeConnection,
): Promise<Worker> {
  return sdk.worker.Worker.create({
    connection,
    namespace: settings.namespace,
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: bundle },
    activities: running.activities,
    shutdownGraceTime: GRACE_MS,
    // Left alone, beats go out after 80 % of the timeout, and a cancellation comes back no sooner.
    maxHeartbeatThrottleInterval: PULSE_MS,
    // A machine runs few apps, its memory is theirs, and commands are rare: ten polls each are too many.
    maxConcurrentActivityTaskExecutions: 20,
    maxConcurrentActivityTaskPolls: 2,
    maxConcurrentWorkflowTaskPolls: 2,
    maxCachedWorkflows: 50,
  });
}

/** Resolves when the signal ends the session; rejects when the worker has come to its end before. */
async function untilStopped(
  worker: Worker,
  ended: Promise<Ended>,
  { clock, shown }: { readonly clock: Clock; readonly shown: ShownTokens },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // run() may never settle once the worker has FAILED, after a minute of refused polls.
    const state = worker.getState();
    if (state !== 'RUNNING') {
      // What it has in flight is left to the next worker: there its retry finds it at work.
      const outcome = await withinMs(ended, LOOK_EVERY_MS, clock);
      if (outcome === undefined) await endWorkflowThread(worker);
      const error = outcome?.error;
      const why = error === undefined ? '' : ` after: ${shown.words(error)}`;
      throw new ControlPlaneError('TEMPORAL_UNREACHABLE', `the worker is ${state}${why}`, {
        cause: error,
      });
    }
    await Promise.race([ended, pause(LOOK_EVERY_MS, clock, signal)]);
  }
}

/**
 * A run() that never settles never ends the thread that its workflows run in, which holds tens of
 * megabytes and keeps the process from ending (SDK 1.24: runInternal awaits finalizeShutdown before
 * workflowCreator.destroy, and pollers that nobody drains hold that up).
 */
async function endWorkflowThread(worker: Worker): Promise<void> {
  const { workflowCreator } = worker as unknown as {
    readonly workflowCreator?: { destroy?(): Promise<void> };
  };
  await workflowCreator?.destroy?.();
}

async function end(
  worker: Worker,
  ended: Promise<Ended>,
  { running, clock, logger }: SessionParts,
): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running.idle();
  if ((await withinMs(ended, END_WITHIN_MS, clock)) === undefined) {
    logger.warn('the worker does not come to its end; it is left behind');
  }
}

async function close(connection: NativeConnection, logger: Logger): Promise<void> {
  try {
    await connection.close();
  } catch (error) {
    // A worker that never settled still holds it. Both go with the process.
    logger.debug('the connection to Temporal is left open', { reason: errorMessage(error) });
  }
}

interface Ended {
  readonly error?: unknown;
}

async function settled(run: Promise<void>): Promise<Ended> {
  try {
    await run;
    return {};
  } catch (error) {
    return { error };
  }
}
