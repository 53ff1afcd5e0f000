import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ReportError } from '../../../src/errors.ts';
import { writeFileInOneStep } from '../../../src/reports/write-file.ts';

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'write-file-'));
  t.after(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true });
  });
  return folder;
}

test('a file is replaced, its folders made, and nothing is left over', async (t) => {
  const folder = await temporary(t);
  const path = join(folder, 'a/b/report.json');
  await writeFileInOneStep(path, 'old');
  const before = await stat(path);
  await writeFileInOneStep(path, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.notEqual((await stat(path)).ino, before.ino, 'a reader of the old one keeps the old one');
  assert.deepEqual(await readdir(join(folder, 'a/b')), ['report.json']);
});

test('what killed processes left is removed, not the drafts of those that live', async (t) => {
  const folder = await temporary(t);
  const dead = `.report.json.${randomUUID()}.tmp`;
  const alive = `.report.json.${randomUUID()}.tmp`;
  const foreign = '.report.json.mine.tmp';
  const anHourAgo = Date.now() / 1000 - 3600;
  for (const name of [dead, alive, foreign]) await writeFile(join(folder, name), 'half');
  for (const name of [dead, foreign]) await utimes(join(folder, name), anHourAgo, anHourAgo);
  await writeFileInOneStep(join(folder, 'report.json'), 'new');
  assert.deepEqual((await readdir(folder)).toSorted(), [alive, foreign, 'report.json'].toSorted());
});

test('many at once: one of them is there, whole', async (t) => {
  const path = join(await temporary(t), 'mirror.prom');
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000));
  await Promise.all(texts.map((text) => writeFileInOneStep(path, text)));
  assert.ok(texts.includes(await readFile(path, 'utf8')));
});

for (const [name, spoil, reason] of [
  ['a folder of that name', async (path: string) => mkdir(path), /it is not a regular file/],
  [
    'a file where its folder should be',
    async (path: string) => writeFile(join(path, '..'), 'x'),
    /a part of its path is a file, not a folder/,
  ],
] as const) {
  test(`${name} is a failure that says so, and leaves nothing behind`, async (t) => {
    const folder = await temporary(t);
    const path = join(folder, 'reports', 'report.json');
    if (name === 'a folder of that name') await mkdir(join(folder, 'reports'));
    await spoil(path);
    await assert.rejects(writeFileInOneStep(path, 'x'), (error) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'REPORT_UNWRITABLE');
      assert.match(error.message, reason);
      return true;
    });
    const left = await readdir(folder, { recursive: true });
    assert.deepEqual(
      left.filter((file) => file.includes('.tmp')),
      [],
    );
  });
}
