import {
  ConfigError,
  ControlPlaneError,
  EngineError,
  MapStoreError,
  RegistryError,
  ReleaseSourceError,
  ReportError,
  SignatureError,
} from './errors.ts';

/** What a process tells the scheduler that started it; `podFailurePolicy` branches on these. */
export const ExitCode = {
  ok: 0,
  bug: 1,
  config: 2,
  registry: 3,
  signature: 4,
  releases: 5,
  map: 6,
  engine: 7,
  controlPlane: 8,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Gravest first: an alert must not be hidden by a failure that a retry will mend. */
const gravity: readonly ExitCode[] = [
  ExitCode.signature,
  ExitCode.config,
  ExitCode.releases,
  ExitCode.map,
  ExitCode.registry,
  ExitCode.engine,
  ExitCode.controlPlane,
  ExitCode.bug,
];

/** The exit code of one failure. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof SignatureError) return ExitCode.signature;
  // Of a run a report that is lost is a warning; a doctor fails by a place that takes none.
  if (error instanceof ConfigError || error instanceof ReportError) return ExitCode.config;
  if (error instanceof ReleaseSourceError) return ExitCode.releases;
  if (error instanceof MapStoreError) return ExitCode.map;
  if (error instanceof RegistryError) return ExitCode.registry;
  if (error instanceof EngineError) return ExitCode.engine;
  if (error instanceof ControlPlaneError) return ExitCode.controlPlane;
  return ExitCode.bug;
}

/** The exit code of a run in which all of these failed; `ok` for none. */
export function gravestExitCode(errors: readonly unknown[]): ExitCode {
  return gravestOf(errors.map(exitCodeOf));
}

/** The gravest of these; `ok` for none. */
export function gravestOf(codes: readonly ExitCode[]): ExitCode {
  return gravity.find((code) => codes.includes(code)) ?? ExitCode.ok;
}
