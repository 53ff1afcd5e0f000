import type { LookupFunction } from 'node:net';
import type { Logger } from '../log.ts';
import type { Clock } from '../registry/http/clock.ts';
import type { Environment } from '../settings/interpolate.ts';

/** What of the surrounding process the parts of a command are made with. */
export interface World {
  readonly env: Environment;
  /** The working folder. */
  readonly cwd: string;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Time and chance of whoever talks to registries; the system's by default. */
  readonly clock?: Clock;
  /** Resolves the names of registries; the system's resolver by default. */
  readonly lookup?: LookupFunction;
}
