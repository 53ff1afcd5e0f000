import { ExitCode } from '../../exit-code.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { runRoleLoop } from '../../orchestrator/self-update/role-loop.ts';
import { keepBeating } from '../../orchestrator/temporal/heartbeat.ts';
import { abandonable } from '../../abandonable.ts';
import { errorMessage } from '../../errors.ts';
import { listenForStop } from '../stop.ts';
import { packageVersion } from '../version.ts';
import {
  GATE_SETTLE_SECONDS,
  wireOrchestrator,
  type WiredOrchestrator,
} from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import { heartbeatFile } from './heartbeat-file.ts';
import type { OrchestratorParts } from './parts.ts';
import { SETTLE_MS, wireDuty, type WiredDuty } from './wire-duty.ts';

export interface RunOrchestratorOptions {
  /** `false`: take nothing from the control plane, only keep what is installed running. */
  readonly withTemporal: boolean;
}

/** Docker and Podman kill ten seconds after SIGTERM unless told otherwise; the examples say a minute. */
const DRAIN_GRACE_MS = 45_000;

/**
 * `sdr-orchestrator run`: on duty until a signal ends it. What is in flight then is brought to an
 * end or cancelled; either way the next start converges.
 */
export async function runOrchestrator(
  config: OrchestratorConfig,
  parts: OrchestratorParts,
  world: World,
  process: Pick<NodeJS.Process, 'on' | 'off' | 'pid'>,
  { withTemporal }: RunOrchestratorOptions,
): Promise<ExitCode> {
  const { logger } = world;
  const stop = listenForStop(process, {
    graceMs: DRAIN_GRACE_MS,
    onSignal: (again) =>
      logger.warn(
        again ? 'stopping at once' : 'stopping: nothing new is begun; work in flight ends',
      ),
  });
  const end = new AbortController();
  let beating: Promise<void> | undefined;
  try {
    const wired = await wireOrchestrator(config, parts, world);
    const work = await wireDuty(config, wired, parts, world, withTemporal);
    logger.info('the orchestrator starts', {
      version: packageVersion(),
      deployment: config.atlan.deployment,
      engine: wired.engine.location,
      container: wired.ownId?.slice(0, 12) ?? 'none',
    });
    beating = beat(wired, work, parts, world, { pid: process.pid, signal: end.signal });
    await abandonable(live(wired, work, config, parts, world, stop.drain), stop.signal);
    return stop.exitCode() ?? ExitCode.ok;
  } catch (error) {
    const code = stop.exitCode();
    if (code !== undefined && stop.signal.aborted) return code;
    throw error;
  } finally {
    end.abort();
    await beating;
    stop.dispose();
  }
}

/** In a container its name decides about the duty; a plain process is always on duty. */
async function live(
  wired: WiredOrchestrator,
  { duty }: WiredDuty,
  { atlan }: OrchestratorConfig,
  { clock, probe }: OrchestratorParts,
  { logger }: World,
  drain: AbortSignal,
): Promise<void> {
  const { ownId, engine, board } = wired;
  if (ownId !== undefined) {
    const own = { deployment: atlan.deployment, engine, clock, probe, board, logger, ownId, duty };
    const gateSettleSeconds = GATE_SETTLE_SECONDS;
    const times = { settleMs: SETTLE_MS };
    await runRoleLoop({ ...own, gateSettleSeconds, times }, { signal: drain });
    return;
  }
  board.role = 'active';
  try {
    await duty.start();
    await aborted(drain);
  } finally {
    await duty.stop();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function beat(
  { board }: WiredOrchestrator,
  { temporal }: WiredDuty,
  { clock }: OrchestratorParts,
  world: World,
  { pid, signal }: { readonly pid: number; readonly signal: AbortSignal },
): Promise<void> {
  const path = heartbeatFile(world);
  let trouble: string | undefined;
  await keepBeating({
    path,
    beat: () => ({ pid, role: board.role ?? 'starting', temporal: temporal() }),
    clock,
    signal,
    onError: (error) => {
      const reason = errorMessage(error);
      // Once for each trouble, not every ten seconds of it.
      if (reason !== trouble) {
        world.logger.warn('the heartbeat cannot be written, so health will say that this is dead', {
          path,
          reason,
        });
      }
      trouble = reason;
    },
  });
}
