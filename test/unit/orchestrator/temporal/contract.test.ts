import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as v from 'valibot';
import { workflowSchema } from '../../../../scripts/workflow-schema.ts';
import { checkAppName } from '../../../../src/orchestrator/app-spec/names.ts';
import { appPayload } from '../../../../src/orchestrator/temporal/contract/requests.ts';
import { appResult } from '../../../../src/orchestrator/temporal/contract/results.ts';
import { FakeCommands, fakeFailure } from '../../../fakes/fake-commands.ts';

const ROOT = join(import.meta.dirname, '../../../..');

test('the schema in docs is the one the validator gives', async () => {
  const file = join(ROOT, 'docs/orchestrator-workflows.schema.json');
  const shipped: unknown = JSON.parse(await readFile(file, 'utf8'));
  const made: unknown = JSON.parse(JSON.stringify(workflowSchema()));
  assert.deepEqual(shipped, made, 'run: node scripts/generate-schema.ts');
});

test('the page on the workflows names every definition of the schema', async () => {
  const page = await readFile(join(ROOT, 'docs/orchestrator-workflows.md'), 'utf8');
  const missing = Object.keys(workflowSchema().definitions ?? {}).filter(
    (name) => !page.includes(`\`${name}\``),
  );
  assert.deepEqual(missing, []);
});

test('an app may be called what a container may be called, and nothing else', () => {
  for (const app of [
    'a',
    'teradata',
    'a.b-c_d',
    'x'.repeat(63),
    '',
    'A',
    '-a',
    'a-',
    'a/b',
    'x'.repeat(64),
  ]) {
    const isName = ((): boolean => {
      try {
        checkAppName(app);
        return true;
      } catch {
        // Says what a name is; here only whether matters.
        return false;
      }
    })();
    assert.equal(v.is(appPayload, { app }), isName, app);
  }
});

test('results are what the schema says, with nothing left out', async () => {
  const commands = new FakeCommands();
  const request = { app: 'teradata', commandId: 'wish-1' };
  const done = await commands.install(request);
  commands.behaviour = () => fakeFailure();
  const failed = await commands.upgrade({ ...request, commandId: 'wish-2' });
  for (const result of [done, failed]) assert.deepEqual(v.parse(appResult, result), result);
});
