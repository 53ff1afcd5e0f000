import { resolve } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { errorCode, fileProblem } from '../../settings/files.ts';
import type { ReadFile } from '../../settings/read-file.ts';
import { findConfigFile, type ConfigFile } from '../../settings/find.ts';
import type { Environment } from '../../settings/interpolate.ts';
import { parseEnvFile, type EnvFile } from './env-file.ts';

/** Where a configuration is looked for. */
export interface SourceOptions {
  /** The file that was asked for by `--config`. */
  readonly path?: string | undefined;
  /** The file that was asked for by `--env-file`; else `.env` beside the configuration, if any. */
  readonly envFile?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly readFile: ReadFile;
}

/** What a configuration is made of. */
export interface Sources {
  readonly file: ConfigFile;
  readonly envFile: EnvFile | undefined;
  /** The environment, completed by `.env`. */
  readonly env: Environment;
}

/** @throws ConfigError there is no configuration, or it cannot be read */
export async function readSources(options: SourceOptions): Promise<Sources> {
  const file = await findFile(options);
  const envFile = await readEnvFile(options, file);
  return { file, envFile, env: merged(envFile, options.env) };
}

async function findFile(options: SourceOptions): Promise<ConfigFile> {
  const { env, cwd, readFile } = options;
  const defaultFile = 'config.yaml';
  const variable = 'SDR_ORCHESTRATOR_CONFIG';
  const file = await findConfigFile({
    path: options.path,
    variable,
    defaultFile,
    env,
    cwd,
    readFile,
  });
  if (file !== undefined) return file;
  throw new ConfigError(
    `there is no ${defaultFile} in ${cwd}, and neither --config nor ${variable} names another file`,
  );
}

async function readEnvFile(
  { envFile, cwd, readFile }: SourceOptions,
  file: ConfigFile,
): Promise<EnvFile | undefined> {
  const path = envFile === undefined ? resolve(file.folder, '.env') : resolve(cwd, envFile);
  try {
    return parseEnvFile(await readFile(path), envFile ?? '.env');
  } catch (error) {
    if (envFile === undefined && errorCode(error) === 'ENOENT') return undefined;
    throw new ConfigError(
      `the environment file ${JSON.stringify(envFile ?? '.env')} cannot be read: ${fileProblem(error)} (looked at ${path})`,
      error,
    );
  }
}

/** Whoever starts the process has the last word; what is set to nothing says nothing. */
function merged(envFile: EnvFile | undefined, env: Environment): Environment {
  if (envFile === undefined) return env;
  const own = Object.entries(env).filter(
    ([name, value]) => value !== undefined && (value !== '' || envFile.values[name] === undefined),
  );
  return { ...envFile.values, ...Object.fromEntries(own) };
}
