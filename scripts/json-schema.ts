import { toJsonSchema, type JsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { REQUIRED_SECTIONS, settingsSchema } from '../src/config/schema/settings.ts';
import { settingsSchema as orchestratorSettings } from '../src/orchestrator/config/schema/settings.ts';

/** Steers validation; says nothing to an editor. */
const INNER = new Set(['role', 'secret']);

// What an editor would refuse although the environment makes it right: `concurrency: ${IMAGES}`.
const EXPRESSION: JsonSchema = {
  type: 'string',
  pattern: '\\$\\{.+\\}',
  description: 'Taken from the environment.',
};

/** The JSON Schema of mirror.yaml, made from the schema that validates it. */
export function configurationSchema(): JsonSchema {
  return {
    ...schemaOf(settingsSchema, 'mirror.yaml', 'Configuration of sdr-mirror.'),
    required: [...REQUIRED_SECTIONS],
  };
}

/** The JSON Schema of the orchestrator's config.yaml, likewise. */
export function orchestratorSchema(): JsonSchema {
  return schemaOf(orchestratorSettings, 'config.yaml', 'Configuration of sdr-orchestrator.');
}

/** Draft 7: editors know no later one as well. */
function schemaOf(settings: GenericSchema, title: string, description: string): JsonSchema {
  const { $schema, ...schema } = toJsonSchema(settings, {
    target: 'draft-07',
    typeMode: 'input',
    // References, patterns and the like are beyond JSON Schema; the program checks them.
    errorMode: 'ignore',
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title,
    description,
    ...(tidy(schema) as JsonSchema),
  };
}

function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node)
    .filter(([key]) => !INNER.has(key))
    .filter(([key, value]) => !isEmptyDefault(key, value))
    .map(([key, value]) => [key, key === 'examples' ? value : tidy(value)]);
  return allowExpression(Object.fromEntries(entries) as JsonSchema);
}

/** Sections are optional by an empty default, which would only confuse. */
function isEmptyDefault(key: string, value: unknown): boolean {
  const isEmptyObject =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 0;
  return (key === 'default' && isEmptyObject) || (key === 'required' && isEmptyList(value));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function allowExpression(schema: JsonSchema): JsonSchema {
  const isWord = schema.enum !== undefined || schema.const !== undefined;
  const isPlain =
    schema.type === 'number' || schema.type === 'integer' || schema.type === 'boolean';
  if (!isWord && !isPlain) return schema;
  const { title, description, examples, default: value, ...own } = schema;
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
    ...(value === undefined ? {} : { default: value }),
    anyOf: [own, EXPRESSION],
  };
}
