import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { reachableDeclarations } from '../../../scripts/build/declarations.ts';

async function declarations(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'declarations-'));
  t.after(async () => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries({ 'image-map/image-map.d.ts': '', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const found = await reachableDeclarations(folder);
  return new Map(found.map(({ path, text }) => [path, text]));
}

test('declarations that the entry points need are published, and no others', async (t) => {
  const found = await declarations(t, {
    'index.d.ts': "export type { Run } from './mirror/run.ts';\n",
    'mirror/run.d.ts': "import type { A } from '../a.ts';\nimport('node:http');\n",
    'a.d.ts': "export type B = import('./mirror/run.ts').Run;\n",
    'cli/main.d.ts': '',
  });
  assert.deepEqual(
    [...found.keys()].sort(),
    ['a.d.ts', 'image-map/image-map.d.ts', 'index.d.ts', 'mirror/run.d.ts'].sort(),
  );
  assert.equal(found.get('index.d.ts'), "export type { Run } from './mirror/run.js';\n");
  assert.match(found.get('a.d.ts') ?? '', /import\('\.\/mirror\/run\.js'\)/);
});

test('types of a package that is not installed with this one stop the build', async (t) => {
  const files = { 'index.d.ts': "import * as v from 'valibot';\n" };
  await assert.rejects(
    declarations(t, files),
    /the library's types need valibot, in index\.d\.ts: keep them apart/,
  );
});
