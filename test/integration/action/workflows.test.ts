import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { binary, requireServer } from '../../support/servers/binaries.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('actionlint has nothing to say of the workflows, and of a wrong one it has', async (t) => {
  if (!requireServer(t, 'actionlint')) return;
  const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
  assert.ok(files.length >= 3);
  const lint = async (paths: readonly string[]): Promise<string> =>
    (await execa(binary('actionlint'), ['-oneline', ...paths], { cwd: ROOT, reject: false }))
      .stdout;
  assert.equal(await lint(files), '');
  const folder = await temporaryFolder('workflows');
  t.after(folder.remove);
  const wrong = join(folder.path, 'wrong.yml');
  await writeFile(wrong, 'on: push\njobs: { a: { runs-on: ubuntu-24.04, step: [] } }\n');
  assert.match(await lint([wrong]), /unexpected key "step"/);
});

test('a release of the action is the package, tagged once, with the releases before it as its history', async (t) => {
  const folder = await temporaryFolder('publish-action');
  t.after(folder.remove);
  const at = (...names: readonly string[]): string => join(folder.path, ...names);
  const env = { HOME: folder.path, GIT_CONFIG_NOSYSTEM: '1' };
  const git = async (cwd: string, ...args: readonly string[]): Promise<string> =>
    (await execa('git', args, { cwd, env })).stdout;
  const publish = async (version: string): Promise<string> =>
    (
      await execa(join(ROOT, 'scripts/publish-action.sh'), [at('package.tgz'), version], {
        cwd: at('sources'),
        env,
      })
    ).stdout;
  await mkdir(at('package', 'dist', 'cli'), { recursive: true });
  await writeFile(at('package', 'action.yml'), 'runs: {}\n');
  await writeFile(at('package', 'dist', 'cli', 'action.js'), '// one\n');
  await execa('tar', ['-czf', at('package.tgz'), '-C', folder.path, 'package']);
  await git(folder.path, 'init', '--quiet', '--bare', 'origin.git');
  await git(folder.path, 'clone', '--quiet', at('origin.git'), 'sources');
  // What the sources ignore is what the action is made of.
  await writeFile(at('sources', '.gitignore'), 'dist/\n');
  await git(at('sources'), 'add', '.');
  const author = ['-c', 'user.name=ci', '-c', 'user.email=ci@mycompany.example'];
  await git(at('sources'), ...author, 'commit', '--quiet', '-m', 'Sources');

  assert.match(await publish('v1.2.3'), /^action-v1\.2\.3 is [0-9a-f]{40}$/);
  assert.match(await publish('v1.2.3'), /is there already, and stays as it is/);
  await publish('v1.3.0');

  const origin = at('origin.git');
  const files = await git(origin, 'ls-tree', '-r', '--name-only', 'action-v1.2.3');
  assert.deepEqual(files.split('\n'), ['action.yml', 'dist/cli/action.js']);
  const tip = async (ref: string): Promise<string> => git(origin, 'rev-parse', ref);
  assert.equal(await tip('action-v1'), await tip('action-v1.3.0'));
  assert.equal(await tip('action'), await tip('action-v1.3.0'));
  assert.equal(await tip('action~1'), await tip('action-v1.2.3'));
  assert.equal(await git(at('sources'), 'status', '--porcelain'), '');
});
