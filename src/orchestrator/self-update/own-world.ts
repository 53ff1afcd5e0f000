import type { Logger } from '../../log.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { GateWorld } from '../gate/gate.ts';
import type { SelfUpdateBoard } from './board.ts';

/** What an orchestrator looks after its own container with. */
export interface OwnWorld extends GateWorld {
  readonly deployment: string;
  readonly engine: ContainerEngine;
  readonly board: SelfUpdateBoard;
  readonly logger: Logger;
  /** How long a new version must stay good before it is given the name. */
  readonly gateSettleSeconds: number;
}
