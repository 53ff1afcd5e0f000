import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { testFiles } from '../../../scripts/integration/files.ts';
import { inLanes } from '../../../scripts/integration/lanes.ts';
import { runFile, type FileRun } from '../../../scripts/integration/run-file.ts';
import { summary } from '../../../scripts/integration/summary.ts';

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'integration-'));
  t.after(async () => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describe('the files of the suite', () => {
  const names = ['stores/s3', 'swap/docker', 'chain/podman', 'action/action', 'chain/docker'];

  test('come once each, those of engines first', async (t) => {
    const paths = names.map((name) => `test/integration/${name}.test.ts`);
    const root = await folderOf(t, Object.fromEntries(paths.map((path) => [path, ''])));
    const patterns = ['test/integration/**/*.test.ts', 'test/integration/swap/docker.test.ts'];
    assert.deepEqual(
      await testFiles(patterns, root),
      ['chain/docker', 'chain/podman', 'swap/docker', 'action/action', 'stores/s3'].map(
        (name) => `test/integration/${name}.test.ts`,
      ),
    );
  });

  test('are all there', async (t) => {
    const root = await folderOf(t, { 'test/integration/a.test.ts': '' });
    await assert.rejects(
      testFiles(['test/integration/*.test.ts', 'test/integration/b.test.ts'], root),
      /there is no test file test\/integration\/b\.test\.ts/,
    );
  });
});

test('lanes work off every item once, from both ends', async () => {
  const held = Promise.withResolvers<void>();
  const lanesOf = new Map<number, number>();
  // The first lane is held up by a long one: the other does all the rest.
  const ready = await inLanes(2, [1, 2, 3, 4], async (item, lane) => {
    lanesOf.set(item, lane);
    if (item === 1) await held.promise;
    if (item === 2) held.resolve();
    return item;
  });
  assert.deepEqual(
    lanesOf,
    new Map([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 1],
    ]),
  );
  assert.deepEqual(new Set(ready.slice(0, 2)), new Set([4, 3]));
  assert.equal(ready.length, 4);
});

describe('a file of tests', () => {
  const good = "import { test } from 'node:test'; test('fine', () => {});";
  const bad =
    "import { test } from 'node:test'; test('broken', () => { throw new Error('why'); });";
  const hangs = 'setInterval(() => {}, 1000);';

  test('passes, fails, or hangs', async (t) => {
    const cwd = await folderOf(t, { 'good.mjs': good, 'bad.mjs': bad, 'hangs.mjs': hangs });
    const run = async (file: string, timeoutMs: number): Promise<FileRun> =>
      runFile(file, { launcher: [], timeoutMs, cwd });
    const runs = await Promise.all([
      run('good.mjs', 60_000),
      run('bad.mjs', 60_000),
      run('hangs.mjs', 500),
      run('missing.mjs', 60_000),
    ]);
    assert.deepEqual(
      runs.map(({ isGood }) => isGood),
      [true, false, false, false],
    );
    assert.match(runs[0].output, /pass 1/);
    const told = summary(runs);
    assert.match(told, /FAILED: bad\.mjs\n✖ failing tests:[^]*broken[^]*why/);
    assert.match(told, /hangs\.mjs was killed after \d+ s: it hangs/);
    assert.match(told, /4 files, 3 of them failed$/);
  });
});
