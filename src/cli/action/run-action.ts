import { mkdir, readFile, rm, appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { safeParse } from 'valibot';
import { errorMessage } from '../../errors.ts';
import { ExitCode, exitCodeOf } from '../../exit-code.ts';
import { runRecordSchema } from '../../reports/record-schema.ts';
import { hasChanged, type RunRecord } from '../../reports/run-record.ts';
import { renderSummary } from '../../reports/summary.ts';
import { main as mirror } from '../mirror-program.ts';
import { annotationsOf } from './annotations.ts';
import { readInputs, type ActionInputs } from './inputs.ts';
import { annotate, maskSecret, setOutputs, stopCommands } from './workflow-commands.ts';

/** One step of a workflow: `mirror run`, and what GitHub shows of it. */
export async function main(process: NodeJS.Process): Promise<ExitCode> {
  const { env, stdout } = process;
  let inputs: ActionInputs;
  try {
    inputs = readInputs(env, process.cwd());
  } catch (error) {
    annotate({ level: 'error', title: 'sdr-mirror', message: errorMessage(error) }, stdout);
    return exitCodeOf(error);
  }
  maskSecret(inputs.token, stdout);
  // A report that an earlier step left must not be taken for this one's.
  await rm(inputs.report, { force: true });
  await mkdir(dirname(inputs.report), { recursive: true });

  const heard = new LastWords();
  const resume = stopCommands(stdout);
  const code = await mirror(processFor(inputs, process, heard));
  resume();

  const record = await readReport(inputs.report);
  await setOutputs(outputsOf(record, inputs.report), env['GITHUB_OUTPUT']);
  if (record === undefined) {
    if (code !== ExitCode.ok) {
      annotate(
        { level: 'error', title: 'sdr-mirror could not run', message: heard.text() },
        stdout,
      );
    }
    return code;
  }
  for (const annotation of annotationsOf(record)) annotate(annotation, stdout);
  const summary = env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '') await appendFile(summary, renderSummary(record));
  return code;
}

/** The process as `mirror` sees it: in another folder, with other arguments. */
function processFor(
  { args, folder, token }: ActionInputs,
  process: NodeJS.Process,
  heard: LastWords,
): NodeJS.Process {
  const [node = '', script = ''] = process.argv;
  const seen = {
    argv: [node, script, ...args],
    env: { ...process.env, ...(token === '' ? {} : { ATLAN_API_TOKEN: token }) },
    cwd: () => folder,
    pid: process.pid,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: heard.listenTo(process.stderr),
    on: process.on.bind(process),
    off: process.off.bind(process),
  };
  // The command line uses no more of a process than this; the type cannot say so.
  return seen as unknown as NodeJS.Process;
}

/** Remembers what was said last: why there is no report. */
class LastWords {
  readonly #most = 4000;
  #text = '';

  /** The stream, overheard. */
  listenTo(stream: NodeJS.WriteStream): NodeJS.WriteStream {
    return new Proxy(stream, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'write') return value.bind(target) as unknown;
        return (chunk: unknown, ...rest: readonly unknown[]): unknown => {
          this.#text = `${this.#text}${String(chunk)}`.slice(-this.#most);
          return Reflect.apply(value, target, [chunk, ...rest]) as unknown;
        };
      },
    });
  }

  text(): string {
    return this.#text.trim();
  }
}

async function readReport(path: string): Promise<RunRecord | undefined> {
  try {
    const parsed = safeParse(runRecordSchema, JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function outputsOf(
  record: RunRecord | undefined,
  report: string,
): Readonly<Record<string, string>> {
  if (record === undefined) return { changed: 'false', mirrored: '0', failed: '0', report: '' };
  const { mirrored, recorded, failed } = record.totals;
  return {
    changed: String(hasChanged(record)),
    mirrored: String(mirrored + recorded),
    failed: String(failed),
    report,
  };
}
