import type { CommandOptions } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { ContainerSpec } from '../engine/container-spec.ts';
import type { GateWorld } from '../gate/gate.ts';
import type { GatePolicy } from '../gate/limits.ts';
import type { Subject } from './places.ts';

/** What a swap works with. */
export interface SwapWorld extends GateWorld {
  readonly engine: ContainerEngine;
}

/** What a swap is about. */
export interface SwapTask {
  readonly subject: Subject;
  /** The new version's container, under the app's own name; absent where none is to be created. */
  readonly spec?: ContainerSpec;
  /** Pulls the image of {@link spec} once more: whoever shares it may have cleaned it up since. */
  readonly pullAgain?: (options: CommandOptions) => Promise<void>;
  /** Whether it may run beside what serves. */
  readonly strategy: 'blue-green' | 'stop-first';
  readonly gate: GatePolicy;
  /** How long a version that served may take to end. */
  readonly stopGraceSeconds: number;
  /** Takes secrets out of a line of a log. */
  readonly redact: (line: string) => string;
  /**
   * Told before a container that served is removed, and after a candidate was: time to clean up.
   * Before, since a crash between would forget what there is to clean up.
   */
  readonly onRemoval?: (container: Container) => Promise<void>;
}
