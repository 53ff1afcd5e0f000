import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { configurationReference } from '../../../scripts/configuration-reference.ts';
import { configurationSchema } from '../../../scripts/json-schema.ts';
import { OVERRIDE_OPTIONS } from '../../../src/config/overrides.ts';
import { settingsSchema } from '../../../src/config/schema/settings.ts';
import { shapeAt } from '../../../src/settings/shape.ts';

const ROOT = join(import.meta.dirname, '../../..');
const STALE = 'run: node scripts/generate-schema.ts';

/** Every schema within, with the keys that lead to it. */
function* schemasIn(node: unknown, path: string): Generator<readonly [string, object]> {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) yield* schemasIn(item, `${path}[${index}]`);
  } else if (typeof node === 'object' && node !== null) {
    yield [path, node];
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'examples' && key !== 'default') yield* schemasIn(value, `${path}.${key}`);
    }
  }
}

const schema = configurationSchema();
const schemas = [...schemasIn(schema, '')];

test('the shipped schema is the one the validator gives', async () => {
  const shipped: unknown = JSON.parse(await readFile(join(ROOT, 'mirror.schema.json'), 'utf8'));
  assert.deepEqual(shipped, JSON.parse(JSON.stringify(schema)), STALE);
});

test('the page on the configuration is the one the schema gives', async () => {
  const page = await readFile(join(ROOT, 'docs/configuration.md'), 'utf8');
  assert.equal(page, configurationReference(schema), STALE);
});

test('every setting has a title and a description', () => {
  const silent = schemas
    .filter(([path]) => /\.properties\.\w+$|\.items$/.test(path))
    .filter(([, node]) => !('title' in node && 'description' in node))
    .map(([path]) => path);
  assert.deepEqual(silent, []);
});

test('no mapping takes keys it does not know', () => {
  const open = schemas
    .filter(([, node]) => 'properties' in node && !Array.isArray(node.properties))
    .filter(([path]) => !path.endsWith('.properties'))
    .filter(([, node]) => !('additionalProperties' in node) || node.additionalProperties !== false)
    .map(([path]) => path);
  assert.deepEqual(open, []);
});

test('numbers, booleans and words may be expressions too', () => {
  const engine = schemas.find(([path]) => path === '.properties.copy.properties.engine')?.[1];
  assert.deepEqual((engine as { anyOf: unknown[] }).anyOf.length, 2);
  assert.match(JSON.stringify(engine), /Taken from the environment/);
});

test('what steers validation stays inside', () => {
  assert.doesNotMatch(JSON.stringify(schema), /"role"|"secret":/);
});

test('every option of the command line leads to a setting', () => {
  const astray = OVERRIDE_OPTIONS.filter(({ path }) => shapeAt(settingsSchema, path) === undefined);
  assert.deepEqual(astray, []);
});
