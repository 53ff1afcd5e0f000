import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { parse } from 'yaml';
import { fill, isWanted, type Contexts, type JobStatus } from './expression.ts';

type Texts = Readonly<Record<string, string>>;

export interface WorkflowStep {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

export interface WorkflowJob {
  readonly if?: string;
  readonly steps: readonly WorkflowStep[];
}

/** Where a job runs, and what it is told. */
export interface JobSetting {
  /** Holds a folder for every job, and its artifacts. */
  readonly folder: string;
  /** `vars`, `secrets`, `inputs`, `github`; steps add theirs. */
  readonly contexts: Contexts & { readonly github: { readonly repository: string } };
  /** Repositories of Git, by their names at GitHub. */
  readonly repositories: Texts;
  /** Actions of others by their names: what each adds to the environment of the steps that follow. */
  readonly actions: Readonly<Record<string, (inputs: Texts) => Texts>>;
}

export interface StepOutcome {
  /** The action, the command, or the id. */
  readonly name: string;
  readonly outcome: JobStatus | 'skipped';
  readonly exitCode: number | undefined;
  readonly outputs: Texts;
  readonly log: string;
  readonly summary: string;
}

export interface JobOutcome {
  readonly outcome: JobStatus | 'skipped';
  readonly steps: readonly StepOutcome[];
  /** What was uploaded: the file, by its name. */
  readonly artifacts: Texts;
}

const NOTHING = { exitCode: undefined, outputs: {}, log: '', summary: '' } as const;

/**
 * Runs a job as GitHub does: in an empty workspace, the steps in their order, each with files of its
 * own to write outputs and summaries to. It knows checkout, upload-artifact, `run`, and actions of
 * JavaScript; an action of others that it is not told of fails the test.
 */
export async function runJob(job: WorkflowJob, setting: JobSetting): Promise<JobOutcome> {
  const artifacts: Record<string, string> = {};
  const outcomes: StepOutcome[] = [];
  const outputs: Record<string, { readonly outputs: Texts }> = {};
  const contexts = { ...setting.contexts, steps: outputs };
  if (!isWanted(job.if, contexts, 'success')) {
    return { outcome: 'skipped', steps: [], artifacts };
  }
  const place = await mkdtemp(join(setting.folder, 'job-'));
  const workspace = join(place, 'workspace');
  await mkdir(workspace);
  const environment: Record<string, string> = {};
  let status: JobStatus = 'success';
  for (const [index, step] of job.steps.entries()) {
    const name = step.id ?? step.uses?.replace(/@.*$/, '') ?? step.run ?? '';
    if (!isWanted(step.if, contexts, status)) {
      outcomes.push({ ...NOTHING, name, outcome: 'skipped' });
      continue;
    }
    const filled = (texts: Readonly<Record<string, unknown>> = {}): Texts =>
      Object.fromEntries(
        Object.entries(texts).map(([key, text]) => [key, fill(text, contexts, status)]),
      );
    const inputs = filled(step.with);
    const own = { ...environment, ...filled(step.env) };
    const folder = join(place, `step-${index}`);
    let ended: Omit<StepOutcome, 'name' | 'outcome'> = NOTHING;
    if (step.run !== undefined) {
      const script = join(place, `step-${index}.sh`);
      await writeFile(script, fill(step.run, contexts, status));
      ended = await start(['bash', '-e', script], { workspace, folder, environment: own });
    } else if (name === 'actions/checkout') {
      await checkOut(inputs, setting, workspace);
    } else if (name === 'actions/upload-artifact') {
      const kept = join(place, 'artifacts', inputs['name'] ?? '');
      const path = inputs['path'] ?? '';
      await cp(path, join(kept, basename(path)));
      artifacts[inputs['name'] ?? ''] = join(kept, basename(path));
    } else if (step.uses?.startsWith('./') === true) {
      const action = join(workspace, step.uses);
      const { words, defaults } = await readAction(action);
      const given = asVariables({ ...defaults, ...inputs });
      ended = await start(words, { workspace, folder, environment: { ...own, ...given } });
    } else {
      const act = setting.actions[name];
      if (act === undefined) throw new Error(`nobody said what ${name} does`);
      Object.assign(environment, act(inputs));
    }
    const outcome = (ended.exitCode ?? 0) === 0 ? 'success' : 'failure';
    if (outcome === 'failure') status = 'failure';
    if (step.id !== undefined) outputs[step.id] = { outputs: ended.outputs };
    outcomes.push({ ...ended, name, outcome });
  }
  return { outcome: status, steps: outcomes, artifacts };
}

/** Without a repository the one of the workflow. */
async function checkOut(
  { repository, ref, path = '.' }: Texts,
  { repositories, contexts }: JobSetting,
  workspace: string,
): Promise<void> {
  const from = repositories[repository ?? contexts.github.repository];
  if (from === undefined) throw new Error(`there is no repository ${repository}`);
  const branch = ref === undefined ? [] : ['--branch', ref];
  const clone = ['-c', 'advice.detachedHead=false', 'clone', '--quiet', ...branch, from, path];
  await execa('git', clone, { cwd: workspace });
}

/** An action of JavaScript: how it is started, and the inputs that it has if nobody says otherwise. */
async function readAction(
  folder: string,
): Promise<{ readonly words: readonly string[]; readonly defaults: Texts }> {
  const { inputs, runs } = parse(await readFile(join(folder, 'action.yml'), 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly default?: string | boolean | number }>>;
    readonly runs: { readonly using: string; readonly main: string };
  };
  if (!runs.using.startsWith('node')) throw new Error(`an action that uses ${runs.using}`);
  const defaults = Object.entries(inputs).map(([name, input]) => [
    name,
    String(input.default ?? ''),
  ]);
  return {
    words: [process.execPath, join(folder, runs.main)],
    defaults: Object.fromEntries(defaults) as Texts,
  };
}

/** GitHub keeps hyphens: `dry-run` is `INPUT_DRY-RUN`. */
function asVariables(inputs: Texts): Texts {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
}

async function start(
  [file = '', ...args]: readonly string[],
  at: { readonly workspace: string; readonly folder: string; readonly environment: Texts },
): Promise<Omit<StepOutcome, 'name' | 'outcome'>> {
  const { workspace, folder, environment } = at;
  const files = { output: join(folder, 'output'), summary: join(folder, 'summary.md') };
  await mkdir(folder);
  for (const path of Object.values(files)) await writeFile(path, '');
  const env = {
    HOME: folder,
    PATH: process.env['PATH'] ?? '',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    RUNNER_TEMP: folder,
    ...environment,
  };
  const options = { cwd: workspace, env, extendEnv: false, reject: false, all: true } as const;
  const { exitCode, all } = await execa(file, args, options);
  const output = await readFile(files.output, 'utf8');
  const values = [...output.matchAll(/^(\w+)<<(\S+)\n([^]*?)\n\2$/gm)];
  return {
    exitCode,
    log: all,
    outputs: Object.fromEntries(values.map(([, name = '', , value = '']) => [name, value])),
    summary: await readFile(files.summary, 'utf8'),
  };
}
