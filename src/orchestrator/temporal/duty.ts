import { silentLogger, type Logger } from '../../log.ts';
import type { Environment } from '../../registry/http/agents.ts';
import { systemClock, type Clock } from '../../registry/http/clock.ts';
import type { Commands } from '../commands.ts';
import type { Duty } from '../duty.ts';
import { createActivities } from './activities.ts';
import type { TemporalSettings } from './connection.ts';
import { installRuntime, type TemporalSdk } from './sdk.ts';
import { pause } from './pause.ts';
import { temporalProxy } from './proxy.ts';
import { GRACE_MS, runSession, type SessionParts } from './session.ts';
import { StatusBoard } from './status-board.ts';
import type { TemporalStatus } from './status.ts';
import type { TokenSource } from './tokens.ts';

export interface TemporalDutyOptions {
  readonly sdk: TemporalSdk;
  readonly settings: TemporalSettings;
  /** None: no authentication. */
  readonly tokens?: TokenSource;
  readonly commands: Commands;
  /** The bundled workflows, a file; see {@link workflowBundle}. */
  readonly bundle: string;
  /** Where `HTTPS_PROXY` and `NO_PROXY` are read. */
  readonly env: Environment;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A duty that can be asked how it stands with Temporal. */
export interface TemporalDuty extends Duty {
  status(): TemporalStatus;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Polls the deployment's task queue and carries out what comes. Whatever happens to the server, the
 * network or the credentials, it makes a new connection and a new worker until it is stopped.
 *
 * `start` resolves once it polls, or once the first try has failed: then it goes on trying, so that
 * what works without a control plane is not kept waiting for it.
 */
export function createTemporalDuty(options: TemporalDutyOptions): TemporalDuty {
  const { sdk, settings, env, clock = systemClock, logger = silentLogger } = options;
  // A proxy that cannot be used is said now, not in every attempt.
  temporalProxy(settings.address, env);
  const board = new StatusBoard(clock, logger);
  let shift: Shift | undefined;

  function begin(onFirstTry: () => void): Shift {
    installRuntime(sdk, logger);
    const end = new AbortController();
    const stop = new AbortController();
    const running = createActivities({ ...options, clock, logger, stop: stop.signal });
    const { bundle, tokens } = options;
    const parts = { sdk, settings, bundle, running, tokens, board, env, clock, logger };
    const over = (async () => {
      await keepWorking(parts, end.signal, onFirstTry);
      // What broken workers left behind.
      await running.idle();
      board.off();
    })();
    return { end, stop, over };
  }

  return {
    async start(): Promise<void> {
      if (shift !== undefined) return;
      const firstTry = Promise.withResolvers<void>();
      shift = begin(firstTry.resolve);
      await Promise.race([firstTry.promise, shift.over]);
    },
    async stop(): Promise<void> {
      const ending = shift;
      if (ending === undefined) return;
      ending.end.abort();
      const done = new AbortController();
      const cancelling = cancelLater(ending.stop, clock, done.signal);
      try {
        await ending.over;
      } finally {
        done.abort();
        await cancelling;
        if (shift === ending) shift = undefined;
      }
    },
    status: () => board.current,
  };
}

/** From a start to a stop. */
interface Shift {
  /** Aborted: nothing new is taken. */
  readonly end: AbortController;
  /** Aborted: what is in flight is cancelled. */
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

async function keepWorking(
  parts: SessionParts,
  signal: AbortSignal,
  onFirstTry: () => void,
): Promise<void> {
  const { board, clock } = parts;
  let failures = 0;
  while (!signal.aborted) {
    board.connecting();
    const began = clock.now();
    try {
      await runSession(parts, signal, onFirstTry);
    } catch (error) {
      if (signal.aborted) return;
      board.failed(error);
      onFirstTry();
      // What has worked for a while has not failed before.
      failures = clock.now() - began > LONGEST_PAUSE_MS ? 1 : failures + 1;
      await pause(backoffMs(failures, clock), clock, signal);
    }
  }
}

function backoffMs(failures: number, clock: Clock): number {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  // A fleet that lost its server in one moment must not come back in one moment.
  return ms * (0.5 + clock.random() / 2);
}

/** A worker cancels its own activities when it ends; this reaches those that have none any more. */
async function cancelLater(stop: AbortController, clock: Clock, done: AbortSignal): Promise<void> {
  await pause(GRACE_MS, clock, done);
  if (!done.aborted) stop.abort(new Error('the orchestrator is stopping'));
}
