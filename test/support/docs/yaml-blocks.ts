import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { loadConfig, type Section } from '../../../src/config/load.ts';
import { SECTIONS } from '../../../src/config/schema/settings.ts';
import { ConfigError, errorMessage, MirrorError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { loadOrchestratorConfig } from '../../../src/orchestrator/config/load.ts';
import { Secret } from '../../../src/secret.ts';
import { isMapping } from '../../../src/settings/raw.ts';
import { readDaprDescription } from '../../../src/stores/dapr/description.ts';
import { problemsOf, type Manifest } from '../kubernetes.ts';
import { MINIMAL } from '../orchestrator/config.ts';
import { ROOT, type Block, type Page, type Piece } from './page.ts';
import { envFor, readAnyFile } from './world.ts';
import { workflowProblems } from './workflow-shape.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** One kind of file that a block may be, or be a part of. */
interface Kind {
  readonly name: string;
  readonly is: (top: Mapping) => boolean;
  /** What is wrong with it; a line counts within the block. */
  readonly check: (text: string, top: Mapping) => Promise<readonly Problem[]>;
}

interface Problem {
  readonly message: string;
  /** 1-based. */
  readonly line?: number | undefined;
}

const ORCHESTRATOR = ['atlan', 'components', 'container_registry', 'orchestrator'] as const;

const KINDS: readonly Kind[] = [
  {
    name: 'mirror.yaml',
    is: (top) => keysOf(top).every((key) => isSection(key)),
    check: checkMirrorConfig,
  },
  {
    name: "the orchestrator's config.yaml",
    is: (top) => ORCHESTRATOR.some((key) => Object.hasOwn(top, key)),
    check: checkOrchestratorConfig,
  },
  {
    name: 'image-map.yaml',
    is: (top) => isMapping(top['images']),
    check: async (text) => complaints(async () => parseImageMap(text, 'block')),
  },
  {
    name: 'a Dapr component',
    is: ({ apiVersion, kind }) => String(apiVersion).startsWith('dapr.io/') && kind === 'Component',
    check: checkComponent,
  },
  {
    name: 'an object of Kubernetes',
    is: (top) => Object.hasOwn(top, 'apiVersion') && Object.hasOwn(top, 'kind'),
    check: checkManifest,
  },
  {
    name: 'a workflow of GitHub Actions',
    is: (top) => ['jobs', 'steps', 'runs'].some((key) => Object.hasOwn(top, key)),
    check: async (_text, top) => workflowProblems(top).map((message) => ({ message })),
  },
  {
    name: 'rules of Prometheus',
    is: (top) => Array.isArray(top['groups']),
    check: async (text) => checkMetrics(text),
  },
];

/** What is wrong with the YAML and JSON of a page, each with its line: `docs/x.md:12: …`. */
export async function dataProblems(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  for (const block of page.blocks) {
    for (const { line = 1, message } of await problemsOfBlock(block)) {
      found.push(`${page.path}:${block.line + line - 1}: ${message}`);
    }
  }
  return found;
}

async function problemsOfBlock({ language, text }: Block): Promise<readonly Problem[]> {
  if (language === 'json') return complaints(async () => JSON.parse(text) as unknown);
  if (language !== 'yaml' && language !== 'yml') return [];
  const problems: Problem[] = [...schemaProblems(text)];
  for (const document of documentsIn(text)) {
    const before = document.line - 1;
    for (const { message, line = 1 } of await problemsOfDocument(document)) {
      problems.push({ message, line: line + before });
    }
  }
  return problems;
}

async function problemsOfDocument({ text }: Piece): Promise<readonly Problem[]> {
  const [document] = parseAllDocuments(text, { prettyErrors: true });
  if (document === undefined || document.contents === null) return [];
  const [broken] = document.errors;
  if (broken !== undefined) return [{ message: broken.message, line: broken.linePos?.[0].line }];
  const value = document.toJS() as unknown;
  // Steps of a workflow, to be put among others.
  const top = Array.isArray(value) ? { steps: value as unknown } : value;
  const kind = isMapping(top) ? KINDS.find(({ is }) => is(top)) : undefined;
  if (kind === undefined || !isMapping(top)) {
    return [
      { message: 'no test knows what this YAML is; name it in test/support/docs/yaml-blocks.ts' },
    ];
  }
  const problems = await kind.check(text, top);
  return problems.map(({ message, line }) => ({ message: `${kind.name}: ${message}`, line }));
}

/** The documents of a file, with the line that each begins at. */
function documentsIn(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  for (const part of text.split(/^---.*\n/m)) {
    pieces.push({ line, text: part });
    line += part.split('\n').length;
  }
  return pieces;
}

/** The schema that editors are pointed to has to be shipped. */
function schemaProblems(text: string): readonly Problem[] {
  const schemas = [...text.matchAll(/\$schema=\S*node_modules\/sdr-mirror\/(\S+)/g)];
  return schemas
    .filter(([, name = '']) => !existsSync(join(ROOT, name)))
    .map(([, name]) => ({ message: `the package has no ${name}` }));
}

async function checkMirrorConfig(text: string, top: Mapping): Promise<readonly Problem[]> {
  const sections = keysOf(top).filter(isSection);
  return complaints(async () =>
    loadConfig({
      path: '/srv/job/mirror.yaml',
      cwd: '/srv/job',
      env: envFor(text),
      sections,
      readFile: async (path) => (path === '/srv/job/mirror.yaml' ? text : readAnyFile(path)),
    }),
  );
}

/** What a block leaves out is there all the same, below it: its lines keep their numbers. */
async function checkOrchestratorConfig(text: string, top: Mapping): Promise<readonly Problem[]> {
  const at = MINIMAL.indexOf('components:');
  const has = (key: string): boolean => Object.hasOwn(top, key);
  const atlan = has('atlan') ? '' : MINIMAL.slice(0, at);
  const components = has('components') || has('objectstore') ? '' : MINIMAL.slice(at);
  const env =
    has('atlan') && !text.includes('client_id')
      ? { ATLAN_AUTH_CLIENT_ID: 'id', ATLAN_AUTH_CLIENT_SECRET: 'secret' }
      : {};
  return complaints(async () =>
    loadOrchestratorConfig({
      path: '/etc/sdr/config.yaml',
      envFile: undefined,
      cwd: '/etc/sdr',
      env: { ...envFor(text), ...env },
      readFile: async (path) => {
        if (path === '/etc/sdr/config.yaml') return `${text}\n${atlan}${components}`;
        if (path.endsWith('.env')) throw Object.assign(new Error('none'), { code: 'ENOENT' });
        return readAnyFile(path);
      },
    }),
  );
}

async function checkComponent(text: string, top: Mapping): Promise<readonly Problem[]> {
  const { metadata } = top;
  const name = isMapping(metadata) ? String(metadata['name']) : '';
  return complaints(async () => {
    const description = await readDaprDescription('block', anyEnvironment(), new Secret(text));
    await description.component(name);
  });
}

async function checkManifest(_text: string, top: Mapping): Promise<readonly Problem[]> {
  const problems = problemsOf(top as unknown as Manifest).map((message) => ({ message }));
  const { data } = top;
  const own = isMapping(data) ? data['mirror.yaml'] : undefined;
  if (typeof own !== 'string') return problems;
  const inner = await problemsOfDocument({ line: 1, text: own });
  return [...problems, ...inner.map(({ message }) => ({ message }))];
}

/** Alerts on metrics that nobody exports never fire. */
function checkMetrics(text: string): readonly Problem[] {
  const exported = readFileSync(join(ROOT, 'src/reports/metrics.ts'), 'utf8');
  return text
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/\bsdr_mirror_\w+/g)]
        .filter(([metric]) => !exported.includes(`'${metric}'`))
        .map(([metric]) => ({ message: `no run exports ${metric}`, line: index + 1 })),
    );
}

async function complaints(act: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await act();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.issues.map(({ message, path, line }) => ({
        message: path === undefined ? message : `${path}: ${message}`,
        line,
      }));
    }
    if (error instanceof MirrorError || error instanceof SyntaxError) {
      return [{ message: errorMessage(error) }];
    }
    throw error;
  }
}

function anyEnvironment(): Readonly<Record<string, string>> {
  return new Proxy({}, { get: () => 'value', has: () => true });
}

function keysOf(top: Mapping): readonly string[] {
  return Object.keys(top);
}

function isSection(key: string): key is Section {
  return SECTIONS.some((section) => section === key);
}
