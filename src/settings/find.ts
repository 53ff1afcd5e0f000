import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { errorCode, fileProblem } from './files.ts';
import type { ReadFile } from './read-file.ts';
import type { Environment } from './interpolate.ts';

export interface ConfigFile {
  /** As people call it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Where its relative paths start. */
  readonly folder: string;
  readonly text: string;
}

/** Where a configuration is looked for. */
export interface FindConfigOptions {
  /** What `--config` asks for. */
  readonly path: string | undefined;
  /** The variable that names the file otherwise: `MIRROR_CONFIG`. */
  readonly variable: string;
  /** Read from the working folder where nothing else is said; may be absent. */
  readonly defaultFile: string;
  readonly env: Environment;
  readonly cwd: string;
  readonly readFile: ReadFile;
}

/**
 * Finds the configuration.
 *
 * @returns `undefined` if nothing asks for a file and there is none of the usual name
 * @throws ConfigError
 */
export async function findConfigFile(options: FindConfigOptions): Promise<ConfigFile | undefined> {
  const { variable, defaultFile, env, cwd, readFile } = options;
  const fromEnv = env[variable] === '' ? undefined : env[variable];
  const name = options.path ?? fromEnv ?? defaultFile;
  const path = resolve(cwd, name);
  try {
    return { name, path, folder: dirname(path), text: await readFile(path) };
  } catch (error) {
    const isAskedFor = options.path !== undefined || fromEnv !== undefined;
    if (!isAskedFor && errorCode(error) === 'ENOENT') return undefined;
    const by = options.path !== undefined ? '--config' : fromEnv !== undefined ? variable : '';
    throw new ConfigError(
      [
        {
          ...(by === '' ? {} : { file: by }),
          message: `the configuration ${JSON.stringify(name)} cannot be read: ${fileProblem(error)} (looked at ${path})`,
        },
      ],
      error,
    );
  }
}
