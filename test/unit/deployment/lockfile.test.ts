import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from './manifests.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const lockfile = JSON.parse(textOf('package-lock.json')) as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
};
const locked = Object.entries(lockfile.packages).filter(([path]) => path !== '');

test('every package of the lockfile is pinned by a digest of its content', () => {
  assert.ok(lockfile.lockfileVersion >= 3 && locked.length > 300);
  const loose = locked.filter(
    ([, { version, integrity }]) =>
      !/^\d+\.\d+\.\d+/.test(version ?? '') || !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
  );
  assert.deepEqual(loose, []);
});

test('no package of the lockfile comes from a place of its own: a host, a repository, a folder', () => {
  const placed = locked.filter(([, { resolved, link }]) => resolved !== undefined || link === true);
  assert.deepEqual(placed, []);
  assert.match(textOf('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
});

test('what is depended on is a range of versions, never a place', () => {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(
    textOf('package.json'),
  ) as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  const ranges = Object.values({ ...dependencies, ...devDependencies, ...peerDependencies });
  assert.ok(ranges.length > 30);
  assert.deepEqual(
    ranges.filter((range) => !/^[~^]?\d+\.\d+\.\d+$/.test(range)),
    [],
  );
});
