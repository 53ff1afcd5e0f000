import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { openOutbox, type Outbox } from '../../orchestrator/callback/outbox.ts';
import {
  createReportingCommands,
  type ReportingCommands,
} from '../../orchestrator/callback/reporting-commands.ts';
import type { OrchestratorConfig } from '../../orchestrator/config/config.ts';
import { errorCode, fileProblem } from '../../settings/files.ts';
import type { WiredOrchestrator } from '../wire-orchestrator.ts';
import type { World } from '../world.ts';
import type { OrchestratorParts } from './parts.ts';

/** Commands that leave word for the control plane, and where they leave it. */
export interface Reporting {
  readonly commands: ReportingCommands;
  readonly outbox: Outbox;
}

/**
 * Lets commands leave word of what they change; `undefined` where nobody is to be told. Whoever
 * runs a command, the word is carried by the orchestrator on duty, since all share the data folder.
 *
 * @throws ConfigError the data folder cannot be written
 */
export async function wireReporting(
  { atlan, controlPlane, orchestrator }: OrchestratorConfig,
  { commands }: Pick<WiredOrchestrator, 'commands'>,
  { clock }: Pick<OrchestratorParts, 'clock'>,
  { logger }: Pick<World, 'logger'>,
): Promise<Reporting | undefined> {
  if (controlPlane.callbackUrl === undefined) return undefined;
  const { dataFolder } = orchestrator;
  const { deployment } = atlan;
  try {
    const outbox = await openOutbox({ folder: join(dataFolder, 'outbox'), clock, logger });
    const options = { deployment, outbox, clock, logger };
    return { commands: createReportingCommands(commands, options), outbox };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new ConfigError(
      `orchestrator.data_folder: ${dataFolder} cannot be written: ${fileProblem(error)}. Give this process a folder it may write to.`,
      error,
    );
  }
}
