import { PassThrough } from 'node:stream';
import { CommanderError, type Command } from 'commander';
import {
  addCommands as addMirrorCommands,
  mirrorProgram,
} from '../../../src/cli/mirror-program.ts';
import {
  addCommands as addOrchestratorCommands,
  orchestratorProgram,
} from '../../../src/cli/orchestrator-program.ts';
import type { OrchestratorContext } from '../../../src/cli/orchestrator/context.ts';
import { overridesOf } from '../../../src/cli/override-options.ts';
import type { ConfigOverrides } from '../../../src/config/overrides.ts';

/** What the command line gives a command, were it carried out. */
export interface Parsed {
  /** `run`, `config check`. */
  readonly command: string;
  readonly overrides: ConfigOverrides;
}

export type ProgramName = 'mirror' | 'sdr-mirror' | 'sdr-orchestrator';

const PROGRAMS: Readonly<Record<ProgramName, () => Command>> = {
  mirror: () => build(mirrorProgram, addMirrorCommands),
  'sdr-mirror': () => build(mirrorProgram, addMirrorCommands),
  'sdr-orchestrator': () => build(orchestratorProgram, addOrchestratorCommands),
};

export function isProgram(name: string | undefined): name is ProgramName {
  return name !== undefined && Object.hasOwn(PROGRAMS, name);
}

/** The program as users have it, its commands without their actions. */
export function programOf(name: ProgramName): Command {
  return PROGRAMS[name]();
}

/**
 * Has the real command line parse these words.
 *
 * @returns `undefined` where it only prints help or its version
 * @throws Error what it complains of
 */
export async function parseWords(
  name: ProgramName,
  words: readonly string[],
): Promise<Parsed | undefined> {
  const program = programOf(name);
  let parsed: Parsed | undefined;
  const watch = (command: Command, path: readonly string[]): void => {
    for (const child of command.commands) watch(child, [...path, child.name()]);
    if (command.commands.length > 0) return;
    command.action(() => {
      const overrides = overridesOf(command.optsWithGlobals());
      parsed = { command: path.join(' '), overrides };
    });
  };
  watch(program, []);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  }
  return parsed;
}

/**
 * What is wrong with a command that is only mentioned: `mirror verify --output json` need not name
 * its images.
 *
 * @returns `undefined` where nothing is
 */
export function problemOfMention(name: ProgramName, words: readonly string[]): string | undefined {
  let command = programOf(name);
  const known = new Set<string>();
  const learn = (): void => {
    for (const { long, short } of command.options) {
      for (const flag of [long, short]) if (flag !== undefined && flag !== null) known.add(flag);
    }
  };
  learn();
  for (const word of words) {
    if (word.startsWith('-')) {
      const flag = word.replace(/=.*$/, '');
      if (!known.has(flag) && !['--help', '-h'].includes(flag)) return `unknown option '${flag}'`;
      continue;
    }
    const child = command.commands.find((one) => one.name() === word);
    if (child !== undefined) {
      command = child;
      learn();
    } else if (command.commands.length > 0 && /^[a-z-]+$/.test(word) && word !== 'help') {
      return `unknown command '${word}'`;
    }
  }
  return undefined;
}

function build(
  create: (streams: Pick<NodeJS.Process, 'stdout' | 'stderr'>) => Command,
  addCommands: (program: Command, context: OrchestratorContext) => void,
): Command {
  const nowhere = new PassThrough().resume();
  // Of the streams only writing is used, of the context nothing: no action is carried out.
  const streams = { stdout: nowhere, stderr: nowhere } as unknown as NodeJS.Process;
  const program = create(streams);
  addCommands(program, {} as OrchestratorContext);
  return program;
}
