import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { ComponentFile } from '../../../../src/orchestrator/app-spec/component-files.ts';
import {
  pruneComponents,
  writeComponents,
} from '../../../../src/orchestrator/app-spec/component-folder.ts';
import { ConfigError } from '../../../../src/errors.ts';
import { Secret } from '../../../../src/secret.ts';

const HOUR = 3_600_000;

function files(text: string = 'a'): readonly ComponentFile[] {
  return [
    { name: 'objectstore.yaml', text: new Secret(text) },
    { name: 'secretstore.yaml', text: new Secret('b') },
  ];
}

async function parentFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'components-'));
  t.after(async () => rm(path, { recursive: true, force: true }));
  return join(path, 'data', 'components');
}

async function contentOf(path: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(path)).toSorted();
  const texts = await Promise.all(names.map(async (name) => readFile(join(path, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('the folder of component files', () => {
  test('holds them, for owner and group alone, whatever the umask', async (t) => {
    const parent = await parentFolder(t);
    const umask = process.umask(0o077);
    t.after(() => process.umask(umask));
    const { path, name } = await writeComponents(parent, files());
    assert.equal(path, join(parent, name));
    assert.deepEqual(await contentOf(path), { 'objectstore.yaml': 'a', 'secretstore.yaml': 'b' });
    assert.deepEqual(
      [await modeOf(path), await modeOf(join(path, 'objectstore.yaml'))],
      ['750', '640'],
    );
    assert.deepEqual(await readdir(parent), [name]);
  });

  test('is the same for the same files, and another one for others', async (t) => {
    const parent = await parentFolder(t);
    const first = await writeComponents(parent, files());
    const { ino } = await stat(first.path);
    assert.deepEqual(await writeComponents(parent, files()), first);
    assert.equal((await stat(first.path)).ino, ino);
    const other = await writeComponents(parent, files('other'));
    assert.notEqual(other.name, first.name);
    assert.equal((await contentOf(first.path))['objectstore.yaml'], 'a');
  });

  test('is made anew where somebody edited what is in it', async (t) => {
    const parent = await parentFolder(t);
    const { path } = await writeComponents(parent, files());
    for (const name of ['objectstore.yaml', 'more.yaml']) {
      await writeFile(join(path, name), 'edited');
      await writeComponents(parent, files());
      assert.deepEqual(await contentOf(path), { 'objectstore.yaml': 'a', 'secretstore.yaml': 'b' });
    }
  });

  test('is made by many at once', async (t) => {
    const parent = await parentFolder(t);
    const made = await Promise.all(
      Array.from({ length: 8 }, async () => writeComponents(parent, files())),
    );
    assert.equal(new Set(made.map(({ path }) => path)).size, 1);
    assert.equal((await readdir(parent)).length, 1);
  });

  test('that cannot be written names the setting that helps', async (t) => {
    const parent = await parentFolder(t);
    await writeComponents(parent, []);
    await writeFile(join(parent, 'file'), '');
    await assert.rejects(
      writeComponents(join(parent, 'file'), files()),
      (error) => error instanceof ConfigError && error.message.includes('orchestrator.data_folder'),
    );
  });
});

describe('tidying up', () => {
  test('removes what nobody has used for long, drafts too, and nothing else', async (t) => {
    const parent = await parentFolder(t);
    const [used, old, young] = [
      await writeComponents(parent, files('used')),
      await writeComponents(parent, files('old')),
      await writeComponents(parent, files('young')),
    ];
    const draft = `.${'0'.repeat(32)}.012345`;
    await writeFile(join(parent, draft), '');
    await writeFile(join(parent, 'notes.txt'), 'of the operator');
    const now = Date.now();
    for (const name of [used.name, old.name, draft, 'notes.txt']) {
      await utimes(join(parent, name), new Date(now - 2 * HOUR), new Date(now - 2 * HOUR));
    }
    const isUsed = (name: string): boolean => name === used.name;
    const removed = await pruneComponents(parent, { isUsed, unusedMs: HOUR, now });
    assert.deepEqual(removed.toSorted(), [draft, old.name].toSorted());
    assert.deepEqual(
      (await readdir(parent)).toSorted(),
      [used.name, young.name, 'notes.txt'].toSorted(),
    );
  });
});
