import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { loadConfig } from '../../config/load.ts';
import { OVERRIDE_OPTIONS, type ConfigOverrides } from '../../config/overrides.ts';
import { starterConfig, type StarterAnswers } from '../../config/starter.ts';
import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { formatPath } from '../../settings/path.ts';
import { printable } from '../output/format.ts';
import type { Terminal } from '../output/terminal.ts';
import type { World } from '../world.ts';

/** What of a configuration the command line of `mirror init` may say. */
export type Given = Pick<ConfigOverrides, 'releasesUrl' | 'releasesFile' | 'target' | 'map'>;

/** Where the file will lie, and what it is checked in. */
export interface Surroundings {
  /** Absolute. */
  readonly path: string;
  readonly world: World;
}

interface Question {
  readonly key: 'releasesUrl' | 'target' | 'map';
  readonly text: string;
  /** What Enter alone stands for. */
  readonly usual?: string;
  /** How a missing answer is given without a terminal. */
  readonly flags: string;
}

const QUESTIONS: readonly Question[] = [
  {
    key: 'releasesUrl',
    text: 'Address of your tenant, like https://acme.atlan.com',
    flags: '--releases-url (the tenant) or --releases-file',
  },
  {
    key: 'target',
    text: 'Where images go, like registry.mycompany.com/atlan',
    flags: '--target (where images go)',
  },
  {
    key: 'map',
    text: 'Where the image map lies: s3://…, azblob://…, gs://… or file:…',
    usual: 'file:image-map.yaml',
    flags: '--map (where the image map lies)',
  },
];

/** Stands in for what is not answered yet while one answer is checked. */
const SAMPLE = {
  releasesUrl: 'https://acme.atlan.com',
  target: 'registry.mycompany.com/atlan/{name}:{tag}',
  map: 'file:image-map.yaml',
};

/**
 * Takes the answers from the command line, and asks for those that are missing.
 *
 * @returns `undefined` if whoever was asked went away
 * @throws ConfigError an answer cannot be used, or there is nobody to ask
 */
export async function findAnswers(
  given: Given,
  surroundings: Surroundings,
  { stdin, terminal }: { readonly stdin: NodeJS.ReadStream; readonly terminal: Terminal },
): Promise<StarterAnswers | undefined> {
  const problems = await problemsOf(given, surroundings);
  if (problems.length > 0) throw new ConfigError(problems);
  const missing = QUESTIONS.filter(({ key }) => !isGiven(key, given));
  if (missing.length > 0 && !(stdin.isTTY && terminal.stderr.isTTY)) {
    const flags = new Intl.ListFormat('en').format(missing.map((question) => question.flags));
    throw new ConfigError(`There is no terminal to ask at. Give ${flags}.`);
  }
  const asked = await ask(missing, surroundings, { stdin, terminal });
  return asked === undefined ? undefined : answersFrom({ ...given, ...asked });
}

async function ask(
  questions: readonly Question[],
  surroundings: Surroundings,
  { stdin, terminal }: { readonly stdin: NodeJS.ReadStream; readonly terminal: Terminal },
): Promise<Given | undefined> {
  if (questions.length === 0) return {};
  const console = createInterface({ input: stdin, output: terminal.stderr });
  // Keeps what is pasted ahead of its question; ends at Ctrl-C and Ctrl-D.
  const lines = console[Symbol.asyncIterator]();
  let isOpen = true;
  console.once('close', () => {
    isOpen = false;
  });
  const readLine = async (prompt: string): Promise<string | undefined> => {
    console.setPrompt(prompt);
    if (isOpen) console.prompt();
    const line = await lines.next();
    return line.done === true ? undefined : line.value;
  };
  try {
    const answers = new Map<string, string>();
    for (const question of questions) {
      const answer = await askFor(question, readLine, surroundings, terminal);
      if (answer === undefined) return undefined;
      answers.set(question.key, answer);
    }
    return Object.fromEntries(answers);
  } finally {
    console.close();
  }
}

/** Asks until the answer can be used. */
async function askFor(
  { key, text, usual }: Question,
  readLine: (prompt: string) => Promise<string | undefined>,
  surroundings: Surroundings,
  { stderr }: Terminal,
): Promise<string | undefined> {
  const prompt = `${text}${usual === undefined ? '' : ` [${usual}]`}: `;
  for (;;) {
    const line = await readLine(prompt);
    if (line === undefined) return undefined;
    const answer = line.trim() || usual;
    if (answer === undefined) continue;
    const [problem] = await problemsOf({ [key]: answer }, surroundings);
    if (problem === undefined) return answer;
    stderr.write(`  ${printable(problem.message)}\n`);
  }
}

/** What is wrong with the answers there are, as the file's own validator has it. */
async function problemsOf(given: Given, { path, world }: Surroundings): Promise<ConfigIssue[]> {
  const text = starterConfig(answersFrom(given));
  try {
    await loadConfig({
      path,
      cwd: world.cwd,
      env: { ...world.env, ATLAN_API_TOKEN: 'as if it were set' },
      readFile: async (name) => (name === path ? text : readFile(name, 'utf8')),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map(({ path: setting, message }) => issueOf(setting, message));
  }
}

/** The file is not written yet: its lines say nothing to whoever gave the flag. */
function issueOf(setting: string | undefined, message: string): ConfigIssue {
  const option = OVERRIDE_OPTIONS.find(({ path }) => formatPath(path) === setting);
  return option === undefined ? { message } : { file: option.flag, message };
}

function answersFrom(given: Given): StarterAnswers {
  const { releasesUrl, releasesFile, target, map } = { ...SAMPLE, ...given };
  return {
    releases:
      releasesFile === undefined ? { url: withScheme(releasesUrl) } : { file: releasesFile },
    target: withPlaceholders(target),
    map,
  };
}

function isGiven(key: Question['key'], given: Given): boolean {
  return (key === 'releasesUrl' && given.releasesFile !== undefined) || given[key] !== undefined;
}

/** `acme.atlan.com` is meant as it is written in a browser. */
function withScheme(tenant: string): string {
  return /^[\w-]+(?:\.[\w-]+)+\/?$/.test(tenant) ? `https://${tenant}` : tenant;
}

/** `registry.mycompany.com/atlan` is meant as a place, each image under its own name in it. */
function withPlaceholders(target: string): string {
  const isPlace = !/\{(?:registry|repository|name|tag|app|version)\}/.test(target);
  return isPlace ? `${target.replace(/\/+$/, '')}/{name}:{tag}` : target;
}
