import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);

test('the lockfile names no registry host, so that each site installs through its own', async () => {
  const lockfile = await readFile(new URL('package-lock.json', root), 'utf8');

  const resolved = lockfile
    .split('\n')
    .filter((line) => /"resolved"|https?:\/\/registry\./.test(line));

  assert.deepEqual(resolved, []);
});

test('everything that is installed at run time is pinned by integrity', async () => {
  const lockfile = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };

  const unpinned = Object.entries(lockfile.packages).filter(
    ([path, { integrity }]) => path !== '' && integrity === undefined,
  );

  assert.deepEqual(unpinned, []);
});

test('what the orchestrator alone needs is not installed with the mirror', async () => {
  const lockfile = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };

  const installed = Object.entries(lockfile.packages)
    .filter(([path]) => path.includes('node_modules/@temporalio/'))
    .filter(([, { dev }]) => dev !== true)
    .map(([path]) => path);

  assert.deepEqual(installed, []);
});
