import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { addAppCommands } from './orchestrator/app-commands.ts';
import type { OrchestratorContext } from './orchestrator/context.ts';
import {
  HEALTH_HELP,
  OVERVIEW,
  RESOLVE_HELP,
  RUN_HELP,
  SELF_UPDATE_HELP,
} from './orchestrator/help.ts';
import { REAL_PARTS, type OrchestratorParts } from './orchestrator/parts.ts';
import { createProgram, runProgram } from './program.ts';

/**
 * The `sdr-orchestrator` command line, from its arguments to its exit code.
 *
 * @param parts - the machine it works on; the one it runs on by default
 */
export async function main(
  process: NodeJS.Process,
  parts: () => Promise<OrchestratorParts> = REAL_PARTS,
): Promise<ExitCode> {
  const program = orchestratorProgram(process);
  return await runProgram(program, process, (context) =>
    addCommands(program, { ...context, parts }),
  );
}

/** The program without its commands. */
export function orchestratorProgram(streams: Pick<NodeJS.Process, 'stdout' | 'stderr'>): Command {
  return createProgram('sdr-orchestrator', streams)
    .description(
      'Runs the connector apps of one deployment by the image map that mirror keeps: installs, upgrades and swaps them, and itself, without losing one.',
    )
    .option('-c, --config <file>', 'else SDR_ORCHESTRATOR_CONFIG, else ./config.yaml')
    .option('--env-file <file>', 'else .env beside the configuration')
    .addHelpText('after', OVERVIEW);
}

/** What it takes, and does with it. */
export function addCommands(program: Command, context: OrchestratorContext): void {
  addRun(program, context);
  addAppCommands(program, context);
  addReconcile(program, context);
  addSelfUpdate(program, context);
  addResolve(program, context);
  addDoctor(program, context);
  addHealth(program, context);
  addConfig(program, context);
}

function describe(program: Command, name: string, summary: string, help: string = ''): Command {
  return program.command(name).summary(summary).description(summary).addHelpText('after', help);
}

function addRun(program: Command, { world, finish, process, parts }: OrchestratorContext): void {
  describe(program, 'run', 'keep the apps running, and do what the control plane wants', RUN_HELP)
    .option('--no-temporal', 'take no commands: only keep running what is installed')
    .action(async ({ temporal }: { readonly temporal: boolean }, command: Command) => {
      const [{ runOrchestrator }, { load }, { SECTIONS }] = await Promise.all([
        import('./orchestrator/run.ts'),
        import('./orchestrator/load.ts'),
        import('../orchestrator/config/sections.ts'),
      ]);
      const loaded = await load(command, world(), SECTIONS);
      const options = { withTemporal: temporal };
      finish(await runOrchestrator(loaded.config, await parts(), loaded.world, process, options));
    });
}

function addReconcile(program: Command, context: OrchestratorContext): void {
  describe(program, 'reconcile', 'mend half-done swaps, start what should run, upgrade what may')
    .option('-n, --dry-run', 'only say what would be done')
    .action(async ({ dryRun = false }: { readonly dryRun?: boolean }, command: Command) => {
      const [{ perform, performChange }, { reconcileOnce }] = await Promise.all([
        import('./orchestrator/perform.ts'),
        import('./orchestrator/change.ts'),
      ]);
      if (dryRun) {
        await perform(command, context, async ({ commands }, terminal, options) =>
          reconcileOnce(commands, { dryRun }, terminal, options),
        );
      } else {
        await performChange(command, context, async (commands, terminal, options) =>
          reconcileOnce(commands, { dryRun }, terminal, options),
        );
      }
    });
}

function addSelfUpdate(program: Command, context: OrchestratorContext): void {
  const summary = "replace the orchestrator's own container by a new version";
  describe(program, 'self-update', summary, SELF_UPDATE_HELP)
    .option('--image <image>', 'as announced; without it the latest announced')
    .option('--command-id <id>', 'names this wish, so that repeating it changes nothing')
    .action(async (flags: { readonly image?: string; readonly commandId?: string }, command) => {
      const [{ idFor, performChange }, { updateSelf }] = await Promise.all([
        import('./orchestrator/perform.ts'),
        import('./orchestrator/change.ts'),
      ]);
      await performChange(command as Command, context, async (commands, terminal, options) => {
        const request = { ...flags, commandId: idFor(flags.commandId) };
        return updateSelf(commands, request, terminal, options);
      });
    });
}

function addResolve(program: Command, { terminal, world, finish }: OrchestratorContext): void {
  const summary = 'say what would be pulled for an image, and by which rule';
  describe(program, 'resolve', summary, RESOLVE_HELP)
    .argument('<image...>', 'image references as Atlan announces them')
    .option('--explain', 'name the rule, the entry and the state of the map that decided')
    .option('--map <location>', 'by this map: file:PATH, s3://…, azblob://…, gs://…')
    .action(async (images: readonly string[], flags: ResolveFlags, command: Command) => {
      if (flags.map !== undefined) {
        const [{ resolveCommand }, { openMapStore }] = await Promise.all([
          import('./commands/resolve.ts'),
          import('../stores/open.ts'),
        ]);
        const store = await openMapStore(flags.map, world());
        finish(await resolveCommand(store, images, terminal()));
        return;
      }
      const [{ resolveImages }, { load }, { createImageResolver }] = await Promise.all([
        import('./orchestrator/resolve.ts'),
        import('./orchestrator/load.ts'),
        import('../orchestrator/resolve/resolve.ts'),
      ]);
      const loaded = await load(command, world(), ['images']);
      const { env, cwd, logger } = loaded.world;
      const resolver = createImageResolver({ images: loaded.config.images, env, cwd, logger });
      const withRule = flags.explain === true;
      finish(await resolveImages(resolver, images, { withRule }, terminal()));
    });
}

interface ResolveFlags {
  readonly explain?: true;
  readonly map?: string;
}

function addDoctor(program: Command, context: OrchestratorContext): void {
  const { terminal, world, finish, parts } = context;
  describe(program, 'doctor', 'look at all it depends on, and say what to mend').action(
    async (_flags, command: Command) => {
      const [{ examine }, { load }, { SECTIONS }] = await Promise.all([
        import('./orchestrator/doctor.ts'),
        import('./orchestrator/load.ts'),
        import('../orchestrator/config/sections.ts'),
      ]);
      const loaded = await load(command, world(), SECTIONS);
      finish(await examine(loaded.config, await parts(), terminal(), loaded.world));
    },
  );
}

function addHealth(program: Command, { terminal, world, finish }: OrchestratorContext): void {
  const summary =
    "say whether sdr-orchestrator run is alive here, for the container's health check";
  describe(program, 'health', summary, HEALTH_HELP).action(async () => {
    const { showHealth } = await import('./orchestrator/health.ts');
    finish(await showHealth(terminal(), world()));
  });
}

function addConfig(program: Command, { terminal, world, finish }: OrchestratorContext): void {
  const config = program.command('config').summary('look at the configuration');
  describe(config, 'check', 'say everything that is wrong with the configuration').action(
    async (_flags, command: Command) => {
      const [{ checkConfig }, { sourcesOf }] = await Promise.all([
        import('./orchestrator/check-config.ts'),
        import('./orchestrator/load.ts'),
      ]);
      finish(await checkConfig(sourcesOf(command, world()), terminal()));
    },
  );
}
