import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { Config } from '../config/config.ts';
import type { Section } from '../config/load.ts';
import type { ExitCode } from '../exit-code.ts';
import {
  COPY_HELP,
  DOCTOR_HELP,
  INIT_HELP,
  OVERVIEW,
  PLAN_HELP,
  RESOLVE_HELP,
  RUN_HELP,
  STATUS_HELP,
  VERIFY_HELP,
} from './help-text.ts';
import type { InitFlags } from './commands/init.ts';
import { overrideOptions, overridesOf, type OverrideGroup } from './override-options.ts';
import {
  collect,
  createProgram,
  runProgram,
  type GlobalOptions,
  type ProgramContext,
} from './program.ts';
import type { ReportedConfig } from './wire-reporter.ts';
import type { World } from './world.ts';

/** The `mirror` command line, from its arguments to its exit code. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const program = mirrorProgram(process);
  return await runProgram(program, process, (context) => addCommands(program, context));
}

/** The program without its commands. */
export function mirrorProgram(streams: Pick<NodeJS.Process, 'stdout' | 'stderr'>): Command {
  return createProgram('mirror', streams)
    .description(
      'Mirrors the images your Atlan tenant may run into your own registry, verified, and keeps the image map true.',
    )
    .option('-c, --config <file>', 'the configuration; else MIRROR_CONFIG, else ./mirror.yaml')
    .addHelpText('after', OVERVIEW);
}

/** What it takes, and does with it. */
export function addCommands(program: Command, context: ProgramContext): void {
  addInit(program, context);
  addRun(program, context);
  addPlan(program, context);
  addResolve(program, context);
  addVerify(program, context);
  addCopy(program, context);
  addStatus(program, context);
  addDoctor(program, context);
}

function addInit(program: Command, { terminal, world, finish, process }: ProgramContext): void {
  const force = new Option('-f, --force', 'replace a file that is there');
  addCommand(program, {
    name: 'init',
    summary: 'write a commented mirror.yaml to begin with',
    options: [force, ...overrideOptions(['answers'], 'Instead of being asked:')],
    overrides: [],
    help: INIT_HELP,
  }).action(async (_flags, command: Command) => {
    const { initCommand } = await import('./commands/init.ts');
    const flags = command.optsWithGlobals<InitFlags>();
    finish(await initCommand(flags, process.stdin, terminal(), world()));
  });
}

interface RunFlags {
  readonly dryRun?: true;
  readonly repair?: true;
  readonly only?: readonly string[];
  readonly shard?: string;
  readonly reportJson?: string;
}

const ONLY = new Option('--only <glob>', 'look at these apps or images only; repeatable').argParser(
  collect,
);

const SHARD = new Option(
  '--shard <index/count>',
  'take one share of the repositories: 0/4 to 3/4; else from MIRROR_SHARDS and JOB_COMPLETION_INDEX',
);

function addRun(program: Command, context: ProgramContext): void {
  const dryRun = new Option('-n, --dry-run', 'verify as well, but change neither registry nor map');
  const repair = new Option(
    '--repair',
    'look behind the tags too, and copy again what is broken at the target',
  );
  addCommand(program, {
    name: 'run',
    summary: 'mirror what is announced, once: verify, copy, publish the map',
    options: [dryRun, repair, ONLY, SHARD],
    overrides: ['releases', 'target', 'map', 'verify', 'copy', 'report'],
    help: RUN_HELP,
  }).action(async (flags: RunFlags, command: Command) => {
    await mirror(command, flags, flags.dryRun === true ? 'verify' : 'publish', context);
  });
}

function addPlan(program: Command, context: ProgramContext): void {
  addCommand(program, {
    name: 'plan',
    summary: 'say what a run would do and why, from two HEADs an image',
    options: [ONLY, SHARD],
    overrides: ['releases', 'target', 'map', 'verify', 'copy'],
    help: PLAN_HELP,
  }).action(async (flags: RunFlags, command: Command) => {
    await mirror(command, flags, 'plan', context);
  });
}

function addResolve(program: Command, { terminal, world, finish }: ProgramContext): void {
  addCommand(program, {
    name: 'resolve',
    summary: 'say what the orchestrator would pull for an image, and by which rule',
    options: [],
    overrides: ['map'],
    help: RESOLVE_HELP,
  })
    .argument('<image...>', 'image references as Atlan announces them')
    .action(async (images: readonly string[], _flags, command: Command) => {
      const { map } = await load(command, ['map'], world());
      const [{ resolveCommand }, { wireMap }] = await Promise.all([
        import('./commands/resolve.ts'),
        import('./wire.ts'),
      ]);
      finish(await resolveCommand(await wireMap(map, world()), images, terminal()));
    });
}

function addVerify(program: Command, { terminal, world, finish }: ProgramContext): void {
  addCommand(program, {
    name: 'verify',
    summary: 'say who signed an image, when and where that is written, or exactly why not',
    options: [],
    overrides: ['verify'],
    help: VERIFY_HELP,
  })
    .argument('<image...>', 'image references by tag or digest, in any registry')
    .action(async (images: readonly string[], _flags, command: Command) => {
      const config = await load(command, ['source', 'verify', 'registries', 'timeouts'], world());
      const { verifyImages } = await import('./commands/verify-images.ts');
      finish(await verifyImages(config, images, terminal(), world()));
    });
}

interface CopyFlags {
  readonly overwrite?: true;
}

function addCopy(program: Command, { terminal, world, finish, process }: ProgramContext): void {
  addCommand(program, {
    name: 'copy',
    summary: 'copy one image with everything that belongs to it, verified, by its digest',
    options: [new Option('--overwrite', 'replace another image that has the tag at the target')],
    overrides: ['verify', 'image'],
    help: COPY_HELP,
  })
    .argument('<source>', 'the image, by tag or digest, in any registry')
    .argument('<target>', 'where it goes: registry, repository and tag')
    .action(async (source: string, target: string, flags: CopyFlags, command: Command) => {
      const sections = ['source', 'verify', 'registries', 'copy', 'timeouts'] as const;
      const config = await load(command, sections, world());
      const { copyCommand } = await import('./commands/copy.ts');
      const existingTarget = flags.overwrite === true ? 'overwrite' : 'refuse';
      const own = { terminal: terminal(), world: world(), process };
      finish(await copyCommand(config, { source, target, existingTarget }, own));
    });
}

function addStatus(program: Command, { terminal, world, finish }: ProgramContext): void {
  addCommand(program, {
    name: 'status',
    summary: 'say what is missing, has drifted, broke or went stale at the target',
    options: [ONLY],
    overrides: ['releases', 'target', 'map', 'verify', 'copy'],
    help: STATUS_HELP,
  }).action(async ({ only = [] }: RunFlags, command: Command) => {
    const config = await load(command, undefined, world());
    const { statusCommand } = await import('./commands/status.ts');
    finish(await statusCommand(config, only, terminal(), world()));
  });
}

function addDoctor(program: Command, context: ProgramContext): void {
  const { terminal, world, finish, process } = context;
  addCommand(program, {
    name: 'doctor',
    summary: 'try everything a run needs, and say what to do about what fails',
    options: [ONLY],
    overrides: ['releases', 'target', 'map', 'verify', 'copy'],
    help: DOCTOR_HELP,
  }).action(async ({ only = [] }: RunFlags, command: Command) => {
    const config = await load(command, undefined, world());
    const { doctorCommand } = await import('./commands/doctor.ts');
    finish(await doctorCommand(config, only, terminal(), { world: world(), process }));
  });
}

function addCommand(
  program: Command,
  command: {
    readonly name: string;
    readonly summary: string;
    readonly options: readonly Option[];
    /** What of the configuration may be said on the command line. */
    readonly overrides: readonly OverrideGroup[];
    readonly help: string;
  },
): Command {
  const { name, summary, options, overrides, help } = command;
  const added = program.command(name).summary(summary).description(summary);
  for (const option of [...options, ...overrideOptions(overrides)]) added.addOption(option);
  return added.addHelpText('after', help);
}

async function mirror(
  command: Command,
  { only = [], repair, reportJson, ...flags }: RunFlags,
  until: 'plan' | 'verify' | 'publish',
  { terminal, world, finish, process }: ProgramContext,
): Promise<void> {
  const config = await load(command, undefined, world());
  const [
    { runCommand },
    { wireRun },
    { wireReporter },
    { describeVerify },
    { parseShard, shardFromEnvironment },
  ] = await Promise.all([
    import('./commands/run.ts'),
    import('./wire.ts'),
    import('./wire-reporter.ts'),
    import('../settings/verify-config.ts'),
    import('../releases/shard.ts'),
  ]);
  const { env } = world();
  const shard = flags.shard === undefined ? shardFromEnvironment(env) : parseShard(flags.shard);
  const wired = await wireRun(config, world(), { only, repair: repair === true, shard });
  try {
    const accepted = describeVerify(config.verify);
    // A look at a part, or one that changes nothing, is a person's: it says nothing of the job.
    const isJob = until === 'publish' && only.length === 0;
    const reports = isJob ? config : reportJson === undefined ? undefined : withReportAlone(config);
    const reporter = reports && (await wireReporter(reports, world(), shard));
    finish(await runCommand(wired, terminal(), process, { until, accepted, reporter }));
  } finally {
    wired.close();
  }
}

/** Nobody is told, and nothing that the job remembers is touched. */
function withReportAlone({ report: { json = '' }, map }: Config): ReportedConfig {
  return { report: { json, besideMap: false }, map };
}

async function load<Needed extends Section = keyof Config>(
  command: Command,
  sections: readonly Needed[] | undefined,
  { env, cwd }: World,
): Promise<Pick<Config, Needed>> {
  const options = command.optsWithGlobals<GlobalOptions & { readonly config?: string }>();
  // With its validator, which no help and no version needs.
  const { loadConfig } = await import('../config/load.ts');
  return await loadConfig({
    path: options.config,
    env,
    cwd,
    readFile: async (path) => readFile(path, 'utf8'),
    overrides: overridesOf(options),
    ...(sections === undefined ? {} : { sections }),
  });
}
