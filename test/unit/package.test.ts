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

test('an installation is the package alone: what it needs is inside, and Temporal is optional', async () => {
  const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    readonly dependencies?: object;
    readonly optionalDependencies?: object;
    readonly peerDependencies: object;
    readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  };

  assert.deepEqual({ ...manifest.dependencies, ...manifest.optionalDependencies }, {});
  for (const peer of Object.keys(manifest.peerDependencies)) {
    assert.match(peer, /^@temporalio\//);
    assert.equal(manifest.peerDependenciesMeta[peer]?.optional, true);
  }
});
