import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { conform, type Conformed } from '../../../src/settings/conform.ts';
import { optional, secret, secretFile, text, type Schema } from '../../../src/settings/fields.ts';
import { formatPath } from '../../../src/settings/path.ts';

const name = text({ title: 'Name', description: 'A name.' });
const password = optional(secret({ title: 'Password', description: 'A password.' }));
const file = optional(secretFile({ title: 'File', description: 'A file.' }));

function walk(data: unknown, schema: Schema<unknown>): Promise<Conformed> {
  return conform(data, schema, {
    isLoose: () => false,
    resolve: async (_role, path) => `content of ${path}`,
  });
}

function told(found: Conformed['problems']): readonly string[] {
  return found.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

describe('keys that nobody knows', () => {
  test('are problems in a mapping of our own', async () => {
    const { problems, notes } = await walk({ nmae: 'a', size: 1 }, v.strictObject({ name }));
    assert.deepEqual(told(problems), [
      'nmae: unknown setting; did you mean "name"?',
      'size: unknown setting',
    ]);
    assert.deepEqual(notes, []);
  });

  test('are only noted in a mapping that others read too, unless they look like a slip', async () => {
    const { problems, notes } = await walk({ nmae: 'a', size: 1 }, v.looseObject({ name }));
    assert.deepEqual(told(problems), ['nmae: unknown setting; did you mean "name"?']);
    assert.deepEqual(told(notes), ['size: is not used']);
  });
});

describe('secrets in files', () => {
  test('contradict the setting itself, in either spelling', async () => {
    const camel = v.strictObject({ password, passwordFile: file });
    const snake = v.strictObject({ password, password_file: file });
    assert.deepEqual(told((await walk({ password: 'x', passwordFile: 'y' }, camel)).problems), [
      'passwordFile: contradicts password: give one of them',
    ]);
    assert.deepEqual(told((await walk({ password: 'x', password_file: 'y' }, snake)).problems), [
      'password_file: contradicts password: give one of them',
    ]);
  });

  test('are read', async () => {
    const { data } = await walk(
      { password_file: '/run/x' },
      v.looseObject({ password_file: file }),
    );
    assert.deepEqual({ ...(data as object) }, { password_file: 'content of /run/x' });
  });

  test('names of a mapping by name contradict nothing', async () => {
    const byName = v.record(v.string(), name);
    assert.deepEqual((await walk({ a: 'x', aFile: 'y' }, byName)).problems, []);
  });
});
