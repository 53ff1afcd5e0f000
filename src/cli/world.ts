import type { Environment } from '../settings/interpolate.ts';
import type { Logger } from '../log.ts';

/** What of the surrounding process the parts of a command are made with. */
export interface World {
  readonly env: Environment;
  /** The working folder. */
  readonly cwd: string;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
