import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { errorMessage } from '../../../src/errors.ts';
import { MINIMAL, problems } from '../config.ts';
import { ROOT, type Block, type Page, type Piece } from './page.ts';
import { isProgram, parseWords, problemOfMention, type ProgramName } from './programs.ts';
import { commandsIn, typedIn } from './shell.ts';
import { envFor, readAnyFile } from './world.ts';

const SCRIPTS = new Set(['sh', 'bash', 'shell']);
const TERMINALS = new Set(['console', 'shell-session']);

/** Programs of others that documents may use. */
const OTHERS = new Set(
  'aws az bash cat cd chmod chown cosign cp curl date docker echo env exit export gcloud gh git grep head helm install jq journalctl kubectl loginctl ls mkdir mv node npm npx oc openssl oras podman printf rm sed sha256sum skopeo sleep sudo sysctl systemctl systemd-run tail tar tee temporal test touch usermod useradd watch xargs'.split(
    ' ',
  ),
);
/** Words of the shell before a command, and those that are none. */
const BEFORE = new Set(['do', 'then', 'else', 'if', 'elif', 'while', 'until', '!', 'time', 'exec']);
const NO_COMMAND = new Set(['for', 'done', 'fi', 'case', 'esac', 'set', 'local', 'wait', 'trap']);

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** What is wrong with the commands of a page, each with its line: `docs/x.md:12: …`. */
export async function commandProblems(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  for (const block of page.blocks) {
    const script = scriptOf(block);
    if (script === undefined) continue;
    const broken = syntaxProblem(script);
    if (broken !== undefined) found.push(`${page.path}:${broken}`);
    for (const { line, words } of commandsIn(script)) {
      const problem = await problemOf(words);
      if (problem !== undefined) found.push(`${page.path}:${line}: ${words.join(' ')}: ${problem}`);
    }
  }
  for (const { line, text } of [...page.spans, ...page.blocks.flatMap(mentionsIn)]) {
    const [first, ...words] = text.split(/\s+/).filter((word) => word !== 'npx');
    if (!isProgram(first) || words.length === 0) continue;
    const problem = problemOfMention(first, words);
    if (problem !== undefined) found.push(`${page.path}:${line}: \`${text}\`: ${problem}`);
  }
  return found;
}

/** Commands in files that are no scripts: a line for cron, a unit of systemd. */
function mentionsIn({ language, line: first, text }: Block): readonly Piece[] {
  if (!['text', 'ini', 'systemd', 'cron'].includes(language)) return [];
  return text.split('\n').flatMap((line, index) => {
    const [, command] =
      /(?:^|[\s/])((?:sdr-)?(?:mirror|orchestrator) [a-z-]+(?: .*)?)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ line: first + index, text: command }];
  });
}

/** What of a block somebody types; `undefined` if nothing. */
export function scriptOf(block: Block): Piece | undefined {
  if (TERMINALS.has(block.language)) return typedIn(block);
  return SCRIPTS.has(block.language) ? block : undefined;
}

/** @returns the line, and what a shell says of it */
function syntaxProblem({ line, text }: Piece): string | undefined {
  const { failed, stderr } = execaSync('bash', ['-n'], { input: text, reject: false });
  if (!failed) return undefined;
  const [, at = '1', said = ''] = /line (\d+): (.*)/.exec(stderr) ?? [];
  return `${line + Number(at) - 1}: bash: ${said}`;
}

async function problemOf(words: readonly string[]): Promise<string | undefined> {
  const [first = '', ...rest] = words;
  if (BEFORE.has(first)) return problemOf(rest);
  if (NO_COMMAND.has(first)) return undefined;
  if (isProgram(first)) return problemOfProgram(first, rest);
  if (first === 'sudo' || first === 'npx') return problemOf(rest.slice(rest.findIndex(isNoFlag)));
  if (first === 'npm') return problemOfNpm(rest);
  if (first.includes('/')) return problemOfFile(first);
  if (!OTHERS.has(first)) {
    return `no test knows this program; if it is right, name it in test/support/docs/commands.ts`;
  }
  if (first === 'node') return problemOfFile(rest.find(isNoFlag) ?? '');
  if (first === 'docker' || first === 'podman') return problemOfContainer(rest);
  if (first === 'kubectl') return problemOfKubectl(rest);
  return undefined;
}

function isNoFlag(word: string): boolean {
  return !word.startsWith('-');
}

async function problemOfProgram(
  name: ProgramName,
  words: readonly string[],
): Promise<string | undefined> {
  try {
    const parsed = await parseWords(name, words);
    if (parsed === undefined || name === 'sdr-orchestrator') return undefined;
    // For mirror init a registry is enough.
    const { target: _target, ...others } = parsed.overrides;
    const overrides = parsed.command === 'init' ? others : parsed.overrides;
    const text = MINIMAL;
    const [problem] = await problems(text, { overrides, env: envFor(text), readFile: readAnyFile });
    return problem;
  } catch (error) {
    return errorMessage(error);
  }
}

function problemOfNpm([verb, ...rest]: readonly string[]): string | undefined {
  const script = verb === 'test' ? 'test' : rest.find(isNoFlag);
  if (verb !== 'run' && verb !== 'test') return undefined;
  return script !== undefined && Object.hasOwn(scripts, script)
    ? undefined
    : `package.json has no script ${JSON.stringify(script)}`;
}

/** One of the checkout; others are none of ours. */
function problemOfFile(path: string): string | undefined {
  const isOurs = /^(?:\.\/)?(?:scripts|bench|dist|examples|docs|src)\//.test(path);
  const source = path.replace(/^(?:\.\/)?dist\/(.*)\.js$/, 'src/$1.ts');
  return isOurs && !existsSync(join(ROOT, source)) ? `${path} is not there` : undefined;
}

/** `run OPTIONS IMAGE ARGUMENTS` of our images, `exec OPTIONS NAME COMMAND`. */
async function problemOfContainer([verb, ...rest]: readonly string[]): Promise<string | undefined> {
  if (verb === 'exec') return problemOfNested(rest);
  if (verb !== 'run') return undefined;
  const at = rest.findIndex((word) => IMAGE.test(word));
  const [, program] = IMAGE.exec(rest[at] ?? '') ?? [];
  const args = rest.slice(at + 1);
  return isProgram(program) && args.length > 0 ? problemOfProgram(program, args) : undefined;
}

/** Ours, by their names: with a registry or a tag, so that no name of a container is meant. */
const IMAGE = /^(?=.*[/:@])(?:.*\/)?(sdr-mirror|sdr-orchestrator)(?::[\w.<>-]+)?(?:@.*)?$/;

/** What is started in a container that runs. */
async function problemOfNested(words: readonly string[]): Promise<string | undefined> {
  const last = words.findLastIndex((word) => isProgram(word));
  const name = words[last];
  const args = words.slice(last + 1);
  return isProgram(name) && args.length > 0 ? problemOfProgram(name, args) : undefined;
}

async function problemOfKubectl(words: readonly string[]): Promise<string | undefined> {
  const nested = words.indexOf('--');
  if (nested !== -1) return problemOf(words.slice(nested + 1));
  const files = words.filter((_word, index) =>
    ['-f', '--filename'].includes(words[index - 1] ?? ''),
  );
  const missing = files.find(
    (file) => /\.ya?ml$/.test(file) && !file.includes('://') && !existsSync(join(ROOT, file)),
  );
  return missing === undefined ? undefined : `${missing} is not there`;
}
