import { Command, CommanderError, Option } from 'commander';
import { ExitCode, exitCodeOf } from '../exit-code.ts';
import type { LogLevel } from '../log.ts';
import { openTerminal, printError, type OutputFormat, type Terminal } from './output/terminal.ts';
import { packageVersion } from './version.ts';
import type { World } from './world.ts';

/** Options every command takes. */
export interface GlobalOptions {
  readonly output: OutputFormat;
  readonly logLevel: LogLevel;
}

/** What the actions of a program are given. */
export interface ProgramContext {
  /** The streams as the options want them; known once the arguments are parsed. */
  readonly terminal: () => Terminal;
  readonly world: () => World;
  /** Says what the process ends with. */
  readonly finish: (code: ExitCode) => void;
  /** For what listens to signals. */
  readonly process: NodeJS.Process;
}

/** A program with the options all commands share. */
export function createProgram(
  name: string,
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
): Command {
  return new Command(name)
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addOption(
      new Option('-o, --output <format>', 'result on stdout as text or as JSON; logs on stderr')
        .choices(['human', 'json'])
        .default('human'),
    )
    .addOption(
      new Option('--log-level <level>', 'least level of what is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .showHelpAfterError('Run it with --help to see what it takes.')
    .exitOverride();
}

/** Parses the arguments, runs the command they name, and turns what is thrown into an exit code. */
export async function runProgram(
  program: Command,
  process: NodeJS.Process,
  define: (context: ProgramContext) => void,
): Promise<ExitCode> {
  // Whoever reads the result may stop reading: that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  let opened: Terminal | undefined;
  let code: ExitCode = ExitCode.ok;
  const terminal = (): Terminal => {
    const { output, logLevel } = program.opts<GlobalOptions>();
    opened ??= openTerminal(process, { format: output, logLevel });
    return opened;
  };
  define({
    terminal,
    world: () => ({
      env: process.env,
      cwd: process.cwd(),
      logger: terminal().logger,
      now: Date.now,
    }),
    finish: (result) => {
      code = result;
    },
    process,
  });
  try {
    await program.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has printed what it had to say; anything but help and version is wrong usage.
      return error.exitCode === 0 ? ExitCode.ok : ExitCode.config;
    }
    printError(error, terminal());
    return exitCodeOf(error);
  }
}

/** Gathers an option that may be given several times, and several values split by commas. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(',').map((part) => part.trim())];
}
