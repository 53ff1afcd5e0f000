import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadOrchestratorConfig, type LoadedConfig } from '../../orchestrator/config/load.ts';
import type { Section } from '../../orchestrator/config/sections.ts';
import type { SourceOptions } from '../../orchestrator/config/sources.ts';
import type { World } from '../world.ts';

/** A configuration, and the world as it makes it: with what `.env` says. */
export interface LoadedWorld<Needed extends Section = Section> extends Pick<
  LoadedConfig<Needed>,
  'config' | 'file'
> {
  readonly world: World;
}

/** Where `--config`, `--env-file` and the environment say the configuration is. */
export function sourcesOf(command: Command, { env, cwd }: World): SourceOptions {
  const { config, envFile } = command.optsWithGlobals<{
    readonly config?: string;
    readonly envFile?: string;
  }>();
  return { path: config, envFile, env, cwd, readFile: async (path) => readFile(path, 'utf8') };
}

/**
 * Reads what a command needs of the configuration, and says what is perhaps not as it was meant.
 *
 * @throws ConfigError every problem at once
 */
export async function load<Needed extends Section>(
  command: Command,
  world: World,
  sections: readonly Needed[],
): Promise<LoadedWorld<Needed>> {
  const loaded = await loadOrchestratorConfig({ ...sourcesOf(command, world), sections });
  const { config, env, warnings, file } = loaded;
  for (const { message, path, line } of warnings) {
    // What is said goes on from the name of the setting.
    const subject = path === undefined ? '' : `${path}: `;
    world.logger.warn(`${subject}${message}`, { file, line });
  }
  return { config, file, world: { ...world, env } };
}
