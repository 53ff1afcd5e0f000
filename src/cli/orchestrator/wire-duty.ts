import { createCallbackDuty } from '../../orchestrator/callback/callback-duty.ts';
import type { ReportingCommands } from '../../orchestrator/callback/reporting-commands.ts';
import type { Commands } from '../../orchestrator/commands.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { combineDuties, type Duty } from '../../orchestrator/duty.ts';
import { createReconcileDuty } from '../../orchestrator/reconcile/reconcile-duty.ts';
import { workflowBundle } from '../../orchestrator/temporal/bundle.ts';
import { createTemporalDuty, type TemporalDuty } from '../../orchestrator/temporal/duty.ts';
import { pause } from '../../orchestrator/temporal/pause.ts';
import type { TemporalStatus } from '../../orchestrator/temporal/status.ts';
import { apiKeyTokens } from '../../orchestrator/temporal/tokens.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { WiredOrchestrator } from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import type { OrchestratorParts } from './parts.ts';
import { wireReporting, type Reporting } from './wire-reporting.ts';

/** What the active orchestrator does, and how it stands with Temporal. */
export interface WiredDuty {
  readonly duty: Duty;
  readonly temporal: () => TemporalStatus;
}

/** How long a new version must have been active before its predecessor goes. */
export const SETTLE_MS = 30_000;

/**
 * Binds what the active orchestrator does: reconciling, reporting, and the commands of the control
 * plane, in this order, so that a server that is away keeps nothing waiting.
 *
 * @param withTemporal - `false`: nothing is taken from the control plane
 * @throws ConfigError Temporal's packages are missing, or a folder cannot be written
 */
export async function wireDuty(
  config: OrchestratorConfig,
  wired: WiredOrchestrator,
  parts: OrchestratorParts,
  world: World,
  withTemporal: boolean,
): Promise<WiredDuty> {
  const { clock } = parts;
  const { logger } = world;
  const deployment = config.atlan.deployment;
  const reporting = await wireReporting(config, wired, parts, world);
  const commands = reporting?.commands ?? wired.commands;
  const reconciling = createReconcileDuty({
    commands,
    engine: wired.engine,
    deployment,
    everySeconds: config.orchestrator.reconcileSeconds,
    clock,
    logger,
  });
  const temporal = withTemporal
    ? await wireTemporal(config, wired, commands, parts, world)
    : undefined;
  const since = new Date(clock.now()).toISOString();
  return {
    duty: combineDuties([
      reconciling,
      ...(reporting === undefined ? [] : reportingDuties(reporting, config, wired, parts, world)),
      ...(temporal === undefined ? [] : [temporal]),
    ]),
    temporal: () => temporal?.status() ?? { state: 'off', since },
  };
}

/** What carries the word that commands leave, and says itself which version runs. */
function reportingDuties(
  { commands, outbox }: Reporting,
  { controlPlane }: OrchestratorConfig,
  { tokens }: WiredOrchestrator,
  { clock }: OrchestratorParts,
  { env, logger }: World,
): readonly Duty[] {
  const { callbackUrl } = controlPlane;
  if (callbackUrl === undefined) return [];
  const target = { url: new URL(callbackUrl), tokens, env };
  return [createCallbackDuty({ target, outbox, clock, logger }), selfReport(commands, clock)];
}

/** Tells which version runs, once it has settled: who updated it may be gone with its predecessor. */
function selfReport(commands: ReportingCommands, clock: Clock): Duty {
  let shift: { readonly end: AbortController; readonly over: Promise<void> } | undefined;
  const tell = async (signal: AbortSignal): Promise<void> => {
    await pause(SETTLE_MS, clock, signal);
    if (!signal.aborted) await commands.reportSelf();
  };
  return {
    async start(): Promise<void> {
      if (shift !== undefined) return;
      const end = new AbortController();
      // Of an engine that is away for a moment the heartbeat and the role loop have their say.
      shift = { end, over: tell(end.signal).catch(() => undefined) };
    },
    async stop(): Promise<void> {
      shift?.end.abort();
      await shift?.over;
      shift = undefined;
    },
  };
}

async function wireTemporal(
  { temporal }: OrchestratorConfig,
  wired: WiredOrchestrator,
  commands: Commands,
  parts: OrchestratorParts,
  { env, logger }: World,
): Promise<TemporalDuty> {
  const sdk = await parts.loadTemporal();
  const { auth } = temporal;
  return createTemporalDuty({
    sdk,
    settings: temporal,
    ...(auth.kind === 'oauth' ? { tokens: wired.tokens } : {}),
    ...(auth.kind === 'api-key' ? { tokens: apiKeyTokens(auth.apiKey) } : {}),
    commands,
    bundle: workflowBundle(),
    env,
    clock: parts.clock,
    logger,
  });
}
