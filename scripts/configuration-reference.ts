import type { JsonSchema } from '@valibot/to-json-schema';
import { OVERRIDE_OPTIONS } from '../src/config/overrides.ts';
import { formatPath } from '../src/settings/path.ts';

const INTRODUCTION = `# Configuration

<!-- Made from the validator by scripts/generate-schema.ts; change src/config/schema instead. -->

\`mirror\` reads the file given by \`--config\`, else the one named in \`MIRROR_CONFIG\`, else \`mirror.yaml\` in the working folder. \`mirror init\` writes a first one with comments. The smallest one that works:

\`\`\`yaml
releases:
  url: https://acme.atlan.com
  token: \${ATLAN_API_TOKEN}
target:
  image: registry.mycompany.com/atlan/{name}:{tag}
map:
  store: file:image-map.yaml
\`\`\`

Editors check it and complete it with the schema that comes with the package:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/sdr-mirror/mirror.schema.json
\`\`\`

## Values

- \`\${NAME}\` is replaced by an environment variable, \`\${NAME:-default}\` by the default where the variable is unset or empty, and \`$\${\` stands for \`\${\` itself. This happens in values only, after the YAML is parsed: a variable can never add settings. A variable that is unset and has no default is an error. Within \`{ }\` and \`[ ]\` YAML wants quotes around it: \`{ password: "\${PASSWORD}" }\`.
- A secret is written as \`\${NAME}\`, or read from a mounted file by the setting of the same name with \`File\` at its end. The line end at the end of such a file is dropped.
- Relative paths start at the folder of the configuration file, those of command-line options at the working folder.
- Unknown settings are errors. All problems are reported at once, each with its line and column, and the exit code is 2.

## Without a file

Every option below wins over the file, and together they replace it:

\`\`\`console
$ ATLAN_API_TOKEN=… mirror run --releases-url https://acme.atlan.com \\
    --target 'registry.mycompany.com/atlan/{name}:{tag}' --map file:image-map.yaml
\`\`\`
`;

/** The page on the configuration: every setting, its type, its default and what it is for. */
export function configurationReference(schema: JsonSchema): string {
  return `${[INTRODUCTION, ...optionsTable(), ...settingsTables(schema)].join('\n')}\n`;
}

/** A table of the settings of each section. */
export function settingsTables(schema: JsonSchema): readonly string[] {
  const twins = new Map<string, string>();
  const lines: string[] = [];
  for (const [key, section] of Object.entries(propertiesOf(schema))) {
    const required = schema.required?.includes(key) === true ? ' Required.' : '';
    lines.push('', `## ${key}`, '', `${section.description ?? ''}${required}`, '');
    lines.push('| setting | type | default | meaning |', '|---|---|---|---|');
    lines.push(...rowsOf(section, [key], twins));
  }
  return lines;
}

function optionsTable(): string[] {
  return [
    '| option | setting |',
    '|---|---|',
    ...OVERRIDE_OPTIONS.map(({ flag, path }) => `| \`${flag}\` | \`${formatPath(path)}\` |`),
    '| `--plain-http HOST` | `registries["HOST"].plainHttp` |',
  ];
}

/** @param twins - settings made of others, by their shape: each is told once */
function rowsOf(
  schema: JsonSchema,
  path: readonly string[],
  twins: Map<string, string>,
): readonly string[] {
  const rows: string[] = [];
  for (const [key, child] of childrenOf(schema)) {
    const childPath = [...path, key];
    const name = childPath.join('.').replaceAll('.[]', '[]');
    const inner = nestedOf(child);
    const shape = JSON.stringify(inner?.schema);
    const twin = inner === undefined ? undefined : twins.get(shape);
    const fallback = defaultOf(child, schema.required?.includes(key) === true);
    const meaning = twin === undefined ? meaningOf(child) : `As \`${twin}\`.`;
    rows.push(`| \`${name}\` | ${typeOf(child)} | ${fallback} | ${meaning} |`);
    if (inner === undefined || twin !== undefined) continue;
    twins.set(shape, name);
    rows.push(...rowsOf(inner.schema, [...childPath, ...inner.step], twins));
  }
  return rows;
}

function meaningOf(schema: JsonSchema): string {
  const { items } = schema;
  // A list of plain values has its values explained in the same row.
  const ofItems =
    typeof items === 'object' && !Array.isArray(items) && items.properties === undefined
      ? [items.description ?? '', exampleOf(items)]
      : [];
  return [schema.description ?? '', exampleOf(schema), ...ofItems]
    .filter((text) => text !== '')
    .join(' ')
    .replaceAll('|', '\\|');
}

/** The settings directly within one; those of any host stand for all hosts. */
function childrenOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const { additionalProperties: any, propertyNames: names } = schema;
  if (typeof any === 'object') {
    const title = typeof names === 'object' ? (names.title ?? 'name') : 'name';
    return [[`<${title.toLowerCase()}>`, any]];
  }
  return Object.entries(propertiesOf(schema));
}

/** What stands below a setting, where that is settings again. */
function nestedOf(
  schema: JsonSchema,
): { readonly schema: JsonSchema; readonly step: readonly string[] } | undefined {
  const items = schema.items;
  if (typeof items === 'object' && !Array.isArray(items)) {
    return items.properties === undefined ? undefined : { schema: items, step: ['[]'] };
  }
  if (schema.properties !== undefined) return { schema, step: [] };
  const { additionalProperties: any } = schema;
  if (typeof any === 'object' && any.properties !== undefined) return { schema, step: [] };
  return (schema.anyOf ?? [])
    .filter((option) => typeof option === 'object')
    .map(nestedOf)
    .find((nested) => nested !== undefined);
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => code(word)).join(', ');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.anyOf !== undefined) {
    const options = schema.anyOf.filter((option) => typeof option === 'object');
    const own = options.filter(({ pattern }) => pattern === undefined).map(typeOf);
    return [...new Set(own)].join(' or ');
  }
  if (schema.type === 'array') {
    return typeof schema.items === 'object' && !Array.isArray(schema.items)
      ? `list of ${typeOf(schema.items)}`
      : 'list';
  }
  const names: Readonly<Record<string, string>> = { string: 'text', object: 'mapping' };
  const type = String(schema.type);
  return `${names[type] ?? type}${rangeOf(schema)}`;
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` from ${minimum}` : ` ${minimum}–${maximum}`;
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  return schema.default === undefined ? '' : code(schema.default);
}

function exampleOf(schema: JsonSchema): string {
  const examples = (schema.examples ?? []) as readonly unknown[];
  return examples.length === 0 ? '' : `Example: ${examples.map(code).join(', ')}.`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
