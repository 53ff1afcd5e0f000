import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseAllDocuments, type Document } from 'yaml';
import { ConfigError, errorMessage } from '../../errors.ts';
import type { Secret } from '../../secret.ts';
import { nestingProblem } from '../../yaml-nesting.ts';
import type { Environment } from '../agents.ts';

/** A Dapr component, its references resolved. */
export interface DaprComponent {
  readonly name: string;
  /** `bindings.aws.s3`. */
  readonly type: string;
  /** By name in lower case: Dapr does not tell case apart. Some of them are secrets. */
  readonly metadata: ReadonlyMap<string, string>;
  /** For messages. */
  readonly file: string;
}

/** What was read, before references are resolved. */
interface RawComponent {
  readonly name: string;
  readonly type: string;
  readonly metadata: readonly unknown[];
  readonly secretStore: string | undefined;
  readonly file: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a file or folder describes. */
export interface DaprDescription {
  /** The component of a name. @throws ConfigError if there is none, or it refers to nothing */
  component(name: string): Promise<DaprComponent>;
  /** Where the orchestrator looks for the map, if the file is its `config.yaml` and says so. */
  readonly imageMapPath: string | undefined;
}

/**
 * Reads a Dapr component file, a folder of them, or an orchestrator's `config.yaml`.
 *
 * @param content - what the file is taken to hold; it is then not read
 * @throws ConfigError
 */
export async function readDaprDescription(
  path: string,
  env: Environment,
  content?: Secret,
): Promise<DaprDescription> {
  const documents: { readonly file: string; readonly fields: Fields }[] = [];
  if (content !== undefined) documents.push(...documentsIn(content.reveal(), path));
  else for (const file of await filesAt(path)) documents.push(...(await documentsOf(file)));
  const components = documents.flatMap(({ file, fields }) => componentsIn(fields, file));
  const paths = documents.map(({ fields }) =>
    field(fields['container_registry'], 'image_map_path'),
  );
  return {
    imageMapPath: paths.find((found) => typeof found === 'string' && found !== '') as
      | string
      | undefined,
    component: async (name) => {
      const found = components.find((component) => component.name === name);
      if (found === undefined) {
        const names = components.map((component) => JSON.stringify(component.name)).join(', ');
        throw new ConfigError(
          `${path} describes no component ${JSON.stringify(name)}${names === '' ? '' : `, only ${names}`}`,
        );
      }
      return resolveReferences(found, components, env);
    },
  };
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new ConfigError(`the component cannot be read: ${errorMessage(error)}`, error);
  }
}

async function documentsOf(file: string): Promise<{ file: string; fields: Fields }[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the component cannot be read: ${errorMessage(error)}`, error);
  }
  return documentsIn(text, file);
}

function documentsIn(text: string, file: string): { file: string; fields: Fields }[] {
  const nesting = nestingProblem(text);
  if (nesting !== undefined) throw new ConfigError([{ file, message: nesting }]);
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) {
      const { line, col } = problem.linePos?.[0] ?? { line: 1, col: 1 };
      // After a colon the parser quotes what it stumbled on, which may be a secret.
      const [message = ''] = problem.message.split(/: | at line /);
      throw new ConfigError([{ file, line, column: col, message }]);
    }
    const fields = plain(document, file);
    return isFields(fields) ? [{ file, fields }] : [];
  });
}

function plain(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    // The parser's words name the anchor, which is the rest of a secret that begins with "*".
    const message =
      'its aliases ("*name") stand for more than they may, or for nothing; a text that starts with "*" needs quotes';
    throw new ConfigError([{ file, message }]);
  }
}

/** The three shapes: a Component, the blocks of a `config.yaml`, the same at its top. */
function componentsIn(fields: Fields, file: string): RawComponent[] {
  if (fields['kind'] === 'Component') {
    const name = field(fields['metadata'], 'name');
    const component = rawComponent(name, fields['spec'], fields['auth'], file);
    return component === undefined ? [] : [component];
  }
  return [fields, fields['components']].flatMap((blocks) =>
    isFields(blocks)
      ? Object.entries(blocks).flatMap(([name, block]) => {
          const component = rawComponent(name, block, field(block, 'auth'), file);
          return component === undefined ? [] : [component];
        })
      : [],
  );
}

function rawComponent(
  name: unknown,
  spec: unknown,
  auth: unknown,
  file: string,
): RawComponent | undefined {
  const type = field(spec, 'type');
  const metadata = field(spec, 'metadata') ?? [];
  if (typeof name !== 'string' || typeof type !== 'string' || !Array.isArray(metadata)) {
    return undefined;
  }
  const secretStore = field(auth, 'secretStore');
  return {
    name,
    type,
    metadata,
    secretStore: typeof secretStore === 'string' ? secretStore : undefined,
    file,
  };
}

async function resolveReferences(
  component: RawComponent,
  components: readonly RawComponent[],
  env: Environment,
): Promise<DaprComponent> {
  const { name, type, file } = component;
  const secrets = await secretsOf(component, components, env);
  const metadata = new Map<string, string>();
  const problems: string[] = [];
  for (const item of component.metadata) {
    const itemName = field(item, 'name');
    if (typeof itemName !== 'string') {
      problems.push('an item of "metadata" has no name');
      continue;
    }
    const value = valueOf(item, secrets, env);
    if (typeof value !== 'string') problems.push(`${itemName}: ${value.problem}`);
    else if (value.includes('{{')) problems.push(`${itemName}: a placeholder {{…}} is left in it`);
    else metadata.set(itemName.toLowerCase(), value);
  }
  if (problems.length > 0) {
    throw new ConfigError(
      problems.map((message) => ({ file, path: name, message: `component metadata: ${message}` })),
    );
  }
  return { name, type, metadata, file };
}

type Secrets = (name: string, key: string) => string | undefined;

function valueOf(
  item: unknown,
  secrets: Secrets,
  env: Environment,
): string | { readonly problem: string } {
  const reference = field(item, 'secretKeyRef');
  if (reference !== undefined) {
    const key = field(reference, 'key') ?? field(reference, 'name');
    const name = field(reference, 'name') ?? key;
    if (typeof name !== 'string' || typeof key !== 'string') {
      return { problem: '"secretKeyRef" needs a name and a key' };
    }
    const secret = secrets(name, key) ?? env[key] ?? env[name];
    return (
      secret ?? {
        problem: `the secret ${JSON.stringify(name)} with the key ${JSON.stringify(key)} is neither in the secret store nor in the environment`,
      }
    );
  }
  const variable = field(item, 'envRef');
  if (typeof variable === 'string') {
    return env[variable] ?? { problem: `the environment variable ${variable} is not set` };
  }
  const value = field(item, 'value');
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return { problem: 'it has no value' };
}

/** The secret stores that need no service: the environment, and a file. */
async function secretsOf(
  component: RawComponent,
  components: readonly RawComponent[],
  env: Environment,
): Promise<Secrets> {
  const named = component.secretStore ?? 'secretstore';
  const store = components.find(({ name }) => name === named);
  const setting = (name: string): string | undefined => {
    const item = store?.metadata.find((candidate) => field(candidate, 'name') === name);
    const value = field(item, 'value');
    return typeof value === 'string' ? value : undefined;
  };
  if (store?.type === 'secretstores.local.env') {
    const prefix = setting('prefix') ?? '';
    return (name) => env[`${prefix}${name}`];
  }
  const file = setting('secretsFile');
  if (store?.type !== 'secretstores.local.file' || file === undefined) return () => undefined;
  const separator = setting('nestedSeparator') ?? ':';
  const content = await readSecrets(resolve(dirname(store.file), file));
  return (name, key) => {
    const found = [name, `${name}${separator}${key}`].map((path) =>
      path.split(separator).reduce<unknown>(field, content),
    );
    return found.find((value) => typeof value === 'string');
  };
}

async function readSecrets(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    // Not the parser's words: they quote what they stumbled upon.
    const why = error instanceof SyntaxError ? 'it is not JSON' : errorMessage(error);
    throw new ConfigError(`the secret store's file ${file} cannot be read: ${why}`);
  }
}

function field(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
