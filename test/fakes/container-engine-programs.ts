import type { Health, LogLine } from '../../src/orchestrator/engine/container.ts';
import type { HealthCheck } from '../../src/orchestrator/engine/container-spec.ts';

/** What the process of a container does after each start; times are milliseconds since then. */
export interface Program {
  /** The image's own health check, if it has one. */
  readonly healthCheck?: HealthCheck;
  /** What the health check has found from when on; `starting` before the first. */
  readonly health?: readonly (readonly [afterMs: number, health: Health])[];
  /** The status its HTTP server answers with from when on; silent before the first. */
  readonly http?: readonly (readonly [afterMs: number, status: number])[];
  /** When it ends by itself, and with what code; never if left out. */
  readonly ends?: {
    readonly afterMs: number;
    readonly exitCode: number;
    /** Only the first so many runs end by themselves. */
    readonly runs?: number;
    readonly outOfMemory?: boolean;
  };
  /** What the engine answers to a start, if it cannot start it. */
  readonly startFailure?: string;
  /** How long it takes to end after it was asked to; longer than the grace is a kill. */
  readonly drainMs?: number;
  /** What it prints at each start. */
  readonly log?: readonly Pick<LogLine, 'stream' | 'text'>[];
}

export const everySecond: HealthCheck = {
  test: ['CMD', '/healthy'],
  intervalMs: 1_000,
  timeoutMs: 1_000,
  startPeriodMs: 0,
  retries: 3,
};

const prints = (text: string): Pick<LogLine, 'stream' | 'text'> => ({ stream: 'stderr', text });

type ProgramName =
  | 'good'
  | 'unchecked'
  | 'unhealthy'
  | 'silent'
  | 'crashLooping'
  | 'lateCrashing'
  | 'veryLateCrashing'
  | 'unstartable';

/** Versions of an app, or of the orchestrator, that a test may meet. */
export const programs: Readonly<Record<ProgramName, Program>> = {
  /** Healthy, and answering over HTTP, after a second. */
  good: {
    healthCheck: everySecond,
    health: [[1_000, 'healthy']],
    http: [[1_000, 200]],
    log: [prints('started')],
  },
  /** Without health check; answers over HTTP after a second. */
  unchecked: { http: [[1_000, 200]], log: [prints('started')] },
  /** Runs, but its health check fails. */
  unhealthy: {
    healthCheck: everySecond,
    health: [[3_000, 'unhealthy']],
    http: [[1_000, 503]],
    log: [prints('cannot reach its database')],
  },
  /** Runs, but never says how it is. */
  silent: { healthCheck: everySecond, log: [prints('waiting')] },
  /** Ends soon after every start. */
  crashLooping: {
    healthCheck: everySecond,
    ends: { afterMs: 200, exitCode: 3 },
    log: [prints('no configuration')],
  },
  /** Healthy at first; ends after a gate without settle time would have let it through. */
  lateCrashing: {
    healthCheck: everySecond,
    health: [[1_000, 'healthy']],
    http: [[1_000, 200]],
    ends: { afterMs: 5_000, exitCode: 4 },
    log: [prints('started')],
  },
  /** Passes every gate and ends a minute after its start. */
  veryLateCrashing: {
    healthCheck: everySecond,
    health: [[1_000, 'healthy']],
    http: [[1_000, 200]],
    ends: { afterMs: 60_000, exitCode: 4 },
    log: [prints('started')],
  },
  /** The engine cannot start it. */
  unstartable: { startFailure: 'exec: "/app/entrypoint.sh": permission denied' },
};
