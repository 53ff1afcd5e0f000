import { join } from 'node:path';
import type { Environment } from '../../settings/interpolate.ts';
import { ConfigError } from '../../errors.ts';

/** What a step says with `with:`; GitHub gives each as a variable. */
export interface ActionInputs {
  /** The arguments of `mirror`. */
  readonly args: readonly string[];
  /** Where `mirror` runs; absolute. */
  readonly folder: string;
  /** Where the report goes; absolute. */
  readonly report: string;
  /** The API token of the tenant. */
  readonly token: string;
}

/**
 * Reads the inputs.
 *
 * @throws ConfigError one of them is not what it must be
 */
export function readInputs(env: Environment, cwd: string): ActionInputs {
  const folder = join(env['GITHUB_WORKSPACE'] ?? cwd, input(env, 'working-directory'));
  const temporary = join(env['RUNNER_TEMP'] ?? folder, 'sdr-mirror', 'report.json');
  const given = input(env, 'report');
  const report = given === '' ? temporary : join(given.startsWith('/') ? '/' : folder, given);
  return {
    folder,
    report,
    token: input(env, 'token'),
    args: [
      ...option('--config', input(env, 'config')),
      'run',
      ...(flag(env, 'dry-run') ? ['--dry-run'] : []),
      ...(flag(env, 'repair') ? ['--repair'] : []),
      ...lines(input(env, 'only')).flatMap((glob) => option('--only', glob)),
      ...option('--releases-url', input(env, 'releases-url')),
      ...option('--target', input(env, 'target')),
      ...option('--map', input(env, 'map')),
      ...option('--report-json', report),
      ...option('--log-level', input(env, 'log-level')),
    ],
  };
}

/** `dry-run` is `INPUT_DRY-RUN`: GitHub keeps hyphens. */
function input(env: Environment, name: string): string {
  return (env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
}

/** One argument, so that a value that begins with a hyphen is a value. */
function option(name: string, value: string): readonly string[] {
  return value === '' ? [] : [`${name}=${value}`];
}

function flag(env: Environment, name: string): boolean {
  const text = input(env, name);
  if (text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw new ConfigError(`the input ${name} is "${text}": write true or false`);
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
