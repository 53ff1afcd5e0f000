import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import type { Release } from '../../../src/releases/release-source.ts';
import { selectReleases, type Selection } from '../../../src/releases/select.ts';
import { orchestrator, teradata } from '../../contracts/release-source.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';

const everything: Selection = { include: ['*'], exclude: [], extra: [] };

async function select(selection: Partial<Selection>): Promise<readonly Release[]> {
  const source = new FakeReleaseSource().announce([teradata, orchestrator], ['entry 3: …']);
  const { releases, skipped } = await selectReleases(source, {
    ...everything,
    ...selection,
  }).latest();
  assert.deepEqual(skipped, ['entry 3: …']);
  return releases;
}

test('a pattern may name the app, the image, or its repository, with the registry or without', async () => {
  for (const pattern of [
    'teradata',
    'tera*',
    'atlanhq/atlan-teradata-app:3.1.4',
    'atlanhq/atlan-teradata-app',
    'docker.io/atlanhq/atlan-teradata-app',
    'docker.io/*teradata*:3.*',
  ]) {
    assert.deepEqual(await select({ include: [pattern] }), [teradata], pattern);
    assert.deepEqual(await select({ exclude: [pattern] }), [orchestrator], pattern);
  }
});

test('excluded is excluded, included or not', async () => {
  assert.deepEqual(await select({ include: ['teradata'], exclude: ['*'] }), []);
});

test('extra images come after the others, whatever is excluded', async () => {
  assert.deepEqual(
    await select({ exclude: ['*teradata*'], extra: ['atlanhq/atlan-teradata-app:3.1.3'] }),
    [orchestrator, { image: 'atlanhq/atlan-teradata-app:3.1.3' }],
  );
});

test('an extra image that is announced stays one, with what the announcement tells of it', async () => {
  const extra = ['docker.io/atlanhq/atlan-teradata-app:3.1.4'];
  assert.deepEqual(await select({ extra }), [teradata, orchestrator]);
  assert.deepEqual(await select({ extra, exclude: ['teradata'] }), [teradata, orchestrator]);
});

test('what cannot be read is refused before anything is asked', () => {
  const source = new FakeReleaseSource().fail();
  assert.throws(() => selectReleases(source, { ...everything, include: ['{a}'] }), ConfigError);
  assert.throws(() => selectReleases(source, { ...everything, extra: ['no-tag'] }), ConfigError);
});
