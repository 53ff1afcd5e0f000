import type { SettingPath } from './path.ts';

/** A setting that the command line or the environment gave. */
export interface Given {
  readonly path: SettingPath;
  readonly value: unknown;
  /** What messages call its origin: `--target`. */
  readonly origin: string;
}
