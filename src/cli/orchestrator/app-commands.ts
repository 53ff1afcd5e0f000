import { InvalidArgumentError, type Command } from 'commander';
import { ConfigError, errorMessage } from '../../errors.ts';
import type { AppResult } from '../../orchestrator/commands.ts';
import { checkAppName } from '../../orchestrator/app-spec/names.ts';
import type { OrchestratorContext } from './context.ts';
import { CHANGE_HELP, INSTALL_HELP } from './help.ts';

interface ChangeFlags {
  readonly image?: string;
  readonly commandId?: string;
}

/** In the order in which an operator meets them. */
const CHANGES: readonly {
  readonly name: AppResult['command'];
  readonly summary: string;
  readonly takesImage?: true;
}[] = [
  { name: 'install', summary: 'run an app, or another version of it', takesImage: true },
  { name: 'upgrade', summary: 'swap an installed app to another version', takesImage: true },
  { name: 'restart', summary: "make an app's container anew from the configuration as it is" },
  { name: 'rollback', summary: 'return an app to the version that served before' },
  { name: 'uninstall', summary: "remove an app's containers and images; its volumes stay" },
];

/** The commands about apps. */
export function addAppCommands(program: Command, context: OrchestratorContext): void {
  addApps(program, context);
  addStatus(program, context);
  for (const change of CHANGES) addChange(program, context, change);
  addLogs(program, context);
}

function addChange(
  program: Command,
  context: OrchestratorContext,
  { name, summary, takesImage }: (typeof CHANGES)[number],
): void {
  const added = program
    .command(name)
    .summary(summary)
    .description(summary)
    .argument('<app>', 'name of the app, for example teradata', appName)
    .option('--command-id <id>', 'names this wish, so that repeating it changes nothing')
    .addHelpText('after', takesImage === true ? INSTALL_HELP : CHANGE_HELP);
  if (takesImage === true) {
    added.option('--image <image>', 'as announced; without it the latest announced');
  }
  added.action(async (app: string, { image, commandId }: ChangeFlags, command: Command) => {
    const [{ idFor, performChange }, { changeApp }] = await Promise.all([
      import('./perform.ts'),
      import('./change.ts'),
    ]);
    const given = image === undefined ? {} : { image };
    const request = { app, commandId: idFor(commandId), ...given };
    await performChange(command, context, async (commands, terminal, options) =>
      changeApp(commands, name, request, terminal, options),
    );
  });
}

function addApps(program: Command, context: OrchestratorContext): void {
  const summary = 'list the apps that are installed or announced';
  program
    .command('apps')
    .summary(summary)
    .description(summary)
    .action(async (_flags, command: Command) => {
      const [{ perform }, { listApps }] = await Promise.all([
        import('./perform.ts'),
        import('./status.ts'),
      ]);
      await perform(command, context, async (performance, terminal) =>
        listApps(performance, performance.config, terminal),
      );
    });
}

function addStatus(program: Command, context: OrchestratorContext): void {
  const summary = 'say what runs, since when, from where, and what a rollback would return to';
  program
    .command('status')
    .summary(summary)
    .description(summary)
    .argument('[app]', 'only this app', appName)
    .action(async (app: string | undefined, _flags, command: Command) => {
      const [{ perform }, { showStatus }] = await Promise.all([
        import('./perform.ts'),
        import('./status.ts'),
      ]);
      await perform(command, context, async (performance, terminal) =>
        showStatus(performance, app, terminal, performance.world),
      );
    });
}

interface LogsFlags {
  readonly tail: number;
  readonly follow?: true;
}

function addLogs(program: Command, context: OrchestratorContext): void {
  const summary = 'print what an app has written, secrets taken out';
  program
    .command('logs')
    .summary(summary)
    .description(summary)
    .argument('<app>', 'name of the app', appName)
    .option('--tail <lines>', 'how many of the last lines', wholeNumber, 100)
    .option('-f, --follow', 'go on with what is added')
    .action(async (app: string, { tail, follow }: LogsFlags, command: Command) => {
      const [{ perform }, { showLogs }] = await Promise.all([
        import('./perform.ts'),
        import('./logs.ts'),
      ]);
      await perform(command, context, async ({ engine, config }, terminal, { signal }) => {
        const { deployment, clientSecret } = config.atlan;
        const secrets = [
          clientSecret,
          ...Object.values(
            config.apps.byName[app]?.environment ?? config.apps.defaults.environment,
          ),
        ];
        const options = { deployment, app, tail, follow: follow === true, secrets, signal };
        return showLogs(engine, options, terminal);
      });
    });
}

function appName(text: string): string {
  try {
    checkAppName(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new InvalidArgumentError(`It ${errorMessage(error)}.`);
  }
  return text;
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number.');
}
