import { ConfigError, type ConfigIssue } from '../../errors.ts';
import type { Environment } from '../../settings/interpolate.ts';
import type { OrchestratorConfig } from './config.ts';
import { inspectOrchestratorConfig } from './inspect.ts';
import { SECTIONS, type Section } from './sections.ts';
import type { SourceOptions } from './sources.ts';

export interface LoadOrchestratorOptions<Needed extends Section = Section> extends SourceOptions {
  /**
   * The sections the caller needs; all if left out. The others are not looked at: resolving a name
   * needs no client secret.
   */
  readonly sections?: readonly Needed[];
}

/** A configuration, and what belongs to it. */
export interface LoadedConfig<Needed extends Section = Section> {
  readonly config: Pick<OrchestratorConfig, Needed>;
  /** The environment, completed by `.env`. It is what stores, registries and proxies are to see. */
  readonly env: Environment;
  /** What is as it may be, but perhaps not as it was meant. */
  readonly warnings: readonly ConfigIssue[];
  /** The configuration file as people call it. */
  readonly file: string;
}

/**
 * Reads `config.yaml` and `.env`, expands, checks and completes them.
 *
 * @throws ConfigError with every problem at once, each with its place and the setting it is about
 */
export async function loadOrchestratorConfig<Needed extends Section = Section>(
  options: LoadOrchestratorOptions<Needed>,
): Promise<LoadedConfig<Needed>> {
  const sections: readonly Section[] = options.sections ?? SECTIONS;
  const { config, errors, ...rest } = await inspectOrchestratorConfig(options, sections);
  if (config === undefined) throw new ConfigError(errors);
  const wanted = Object.entries(config).filter(([key]) => (sections as string[]).includes(key));
  return { ...rest, config: Object.fromEntries(wanted) as Pick<OrchestratorConfig, Needed> };
}
