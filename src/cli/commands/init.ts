import { stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { starterConfig, type StarterAnswers } from '../../config/starter.ts';
import { ConfigError, errorMessage } from '../../errors.ts';
import { ExitCode } from '../../exit-code.ts';
import { errorCode } from '../../settings/files.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import type { World } from '../world.ts';
import { findAnswers, type Given } from './init-answers.ts';

/** What the command line says. */
export interface InitFlags extends Given {
  readonly config?: string;
  readonly force?: true;
}

/**
 * `mirror init`: writes a configuration to begin with, from flags or from what a person answers.
 *
 * @throws ConfigError the file is there, something is not said, or what is said cannot be used
 */
export async function initCommand(
  { config, force, ...given }: InitFlags,
  stdin: NodeJS.ReadStream,
  terminal: Terminal,
  world: World,
): Promise<ExitCode> {
  const name = config ?? (world.env['MIRROR_CONFIG'] || 'mirror.yaml');
  const path = resolve(world.cwd, name);
  // Before anybody is asked; writing looks again.
  if (force !== true && (await isThere(path))) throw refusal(name, 'EEXIST');
  const answers = await findAnswers(given, { path, world }, { stdin, terminal });
  if (answers === undefined) {
    terminal.stderr.write('\nNothing was written.\n');
    return ExitCode.interrupted;
  }
  try {
    await writeFile(path, starterConfig(answers), { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    throw refusal(name, error);
  }
  const steps = nextSteps(answers, config, world);
  await writeResult(
    terminal.stdout,
    terminal.format === 'json'
      ? reportLines({ written: path, next: steps.map(([command]) => command) })
      : `Wrote ${name}. What comes next:\n${steps.map(formatStep).join('')}`,
  );
  return ExitCode.ok;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw refusal(path, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; make it first',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder; name a file with --config',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

function refusal(name: string, error: unknown): ConfigError {
  const code = error === 'EEXIST' ? error : errorCode(error);
  if (code === 'EEXIST') {
    return new ConfigError(
      `${name} is there already, and was left as it is. Replace it with --force, or name another file with --config.`,
    );
  }
  const reason = REASONS[code ?? ''] ?? errorMessage(error);
  return new ConfigError(`${name} cannot be written: ${reason}.`, error);
}

type Step = readonly [command: string, does: string];

function nextSteps(
  { releases }: StarterAnswers,
  config: string | undefined,
  { env }: World,
): readonly Step[] {
  const file = config === undefined ? '' : ` --config ${config}`;
  const wantsToken = 'url' in releases && (env['ATLAN_API_TOKEN'] ?? '') === '';
  const token: Step = ['export ATLAN_API_TOKEN=…', 'an API token of the tenant'];
  return [
    ...(wantsToken ? [token] : []),
    [`mirror doctor${file}`, 'tries everything a run needs'],
    [`mirror plan${file}`, 'says what a run would do, and changes nothing'],
    [`mirror run${file}`, 'does it'],
  ];
}

function formatStep([command, does]: Step): string {
  return `  ${command.padEnd(26)}  # ${does}\n`;
}
