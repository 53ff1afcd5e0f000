import type { ProgramContext } from '../program.ts';
import type { OrchestratorParts } from './parts.ts';

/** What the actions of `sdr-orchestrator` are given. */
export interface OrchestratorContext extends ProgramContext {
  readonly parts: () => Promise<OrchestratorParts>;
}
