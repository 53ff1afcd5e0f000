import type { Secret } from '../secret.ts';

/** Where the reports of a run go; what is absent is not written. */
export interface ReportPlaces {
  /** Absolute paths. */
  readonly json?: string;
  readonly html?: string;
  readonly metrics?: string;
  /** URL of a Pushgateway; it may hold a password. */
  readonly pushgateway?: Secret;
  /** Keeps `report.json` beside the map, in the store that holds the map. */
  readonly besideMap: boolean;
}

/** What is worth telling somebody. */
export type NotifyEvent = 'failure' | 'change' | 'recovery';

export type NotifyFormat = 'json' | 'slack' | 'teams';

/** Who is told, and of what. */
export interface NotifySettings {
  /** The address; whoever has it can post there. */
  readonly webhook: Secret;
  readonly format: NotifyFormat;
  readonly on: readonly NotifyEvent[];
}
