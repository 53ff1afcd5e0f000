import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { readComponentPlace } from '../../stores/dapr-component.ts';
import { inspectOrchestratorConfig } from './inspect.ts';
import type { SourceOptions } from './sources.ts';

/** What `config check` tells. */
export interface ConfigCheck {
  /** The file as people call it; `undefined` if there is none. */
  readonly file: string | undefined;
  readonly errors: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
}

/** Checks a configuration without using it; what is wrong with it is a result. */
export async function checkOrchestratorConfig(options: SourceOptions): Promise<ConfigCheck> {
  try {
    const { file, errors, warnings, config, env } = await inspectOrchestratorConfig(options);
    const store = config?.images?.map?.store;
    const more =
      typeof store === 'object'
        ? await issuesOf(readComponentPlace(store, { cwd: options.cwd, env }))
        : [];
    return { file, errors: [...errors, ...more], warnings };
  } catch (error) {
    if (error instanceof ConfigError)
      return { file: undefined, errors: error.issues, warnings: [] };
    throw error;
  }
}

async function issuesOf(attempt: Promise<unknown>): Promise<readonly ConfigIssue[]> {
  try {
    await attempt;
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}
