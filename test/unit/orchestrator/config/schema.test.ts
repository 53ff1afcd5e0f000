import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { orchestratorSchema } from '../../../../scripts/json-schema.ts';
import { orchestratorReference } from '../../../../scripts/orchestrator-reference.ts';
import { MINIMAL, problems } from '../../../support/orchestrator/config.ts';
import { PUBLIC_KEY } from '../../../support/config.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const PAGE = 'docs/orchestrator-configuration.md';
const STALE = 'run: node scripts/generate-schema.ts';
const schema = orchestratorSchema();

test('the shipped schema is the one the validator gives', async () => {
  const text = await readFile(join(ROOT, 'orchestrator.schema.json'), 'utf8');
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(schema)), STALE);
});

test('the page on the configuration is the one the schema gives', async () => {
  const page = await readFile(join(ROOT, PAGE), 'utf8');
  assert.equal(page, orchestratorReference(schema), STALE);
});

test('what steers validation stays inside', () => {
  assert.doesNotMatch(JSON.stringify(schema), /"role"|"secret":/);
});

describe('the examples of the page load', async () => {
  const page = await readFile(join(ROOT, PAGE), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const [, dotenv = ''] = /^```sh\n(.*?)^```$/ms.exec(page) ?? [];
  const files = {
    '/run/secrets/registry': 'password',
    '/etc/sdr/cosign.pub': PUBLIC_KEY,
  };
  const whole = blocks.filter((block) => block.startsWith('atlan:'));
  const parts = blocks.filter((block) => block.startsWith('orchestrator:'));

  test('there are some', () => assert.deepEqual([whole.length, parts.length], [1, 1]));

  for (const [index, text] of [...whole, ...parts.map((part) => MINIMAL + part)].entries()) {
    test(`example ${index + 1}`, async () => {
      const own = text.startsWith(MINIMAL) ? {} : { dotenv };
      assert.deepEqual(await problems(text, { files, ...own }), []);
    });
  }
});
