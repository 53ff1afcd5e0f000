import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { errorCode, fileProblem, type ReadFile } from '../settings/files.ts';
import type { Environment } from '../settings/interpolate.ts';

/** Read where nothing else is said. */
export const DEFAULT_FILE = 'mirror.yaml';

export interface ConfigFile {
  /** As people call it. */
  readonly name: string;
  /** Where its relative paths start. */
  readonly folder: string;
  readonly text: string;
}

/**
 * Finds the configuration: the path that was asked for, else the one in `MIRROR_CONFIG`, else
 * `mirror.yaml` in the working folder, which alone may be absent.
 *
 * @throws ConfigError
 */
export async function findConfigFile(options: {
  readonly path: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly readFile: ReadFile;
}): Promise<ConfigFile | undefined> {
  const { env, cwd, readFile } = options;
  const fromEnv = env['MIRROR_CONFIG'] === '' ? undefined : env['MIRROR_CONFIG'];
  const name = options.path ?? fromEnv ?? DEFAULT_FILE;
  const path = resolve(cwd, name);
  try {
    return { name, folder: dirname(path), text: await readFile(path) };
  } catch (error) {
    const isAskedFor = options.path !== undefined || fromEnv !== undefined;
    if (!isAskedFor && errorCode(error) === 'ENOENT') return undefined;
    const by =
      options.path !== undefined ? '--config' : fromEnv !== undefined ? 'MIRROR_CONFIG' : '';
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
