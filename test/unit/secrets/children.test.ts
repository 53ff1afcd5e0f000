import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startMirrorScene, WORDS } from '../../support/secrets/mirror-scene.ts';
import { assertUnmarked, mark } from '../../support/secrets/marks.ts';
import { createPrivateSigstore } from '../../support/sigstore/private-sigstore.ts';

test('no program is started with a secret in its arguments, nor skopeo with one in its environment', async (t) => {
  const { trustedRoot } = await createPrivateSigstore();
  const scene = await startMirrorScene(t, { trustedRoot, path: process.env['PATH'] ?? '' });
  const programs = join(scene.folder, 'given/bin');
  await mkdir(programs);
  // What anybody sees who may look at the process.
  const record = (name: string): string =>
    ['cmdline', 'environ']
      .map((what) => `tr '\\0' '\\n' < /proc/$$/${what} >> ${programs}/${name}.${what}`)
      .join('\n');
  const write = async (name: string, ...lines: readonly string[]): Promise<void> => {
    const file = join(programs, name);
    await writeFile(file, ['#!/bin/sh', record(name), ...lines, ''].join('\n'));
    await chmod(file, 0o755);
  };
  const credential = JSON.stringify({ Username: 'ci', Secret: mark('password') });
  await writeFile(join(programs, 'credential.json'), credential);
  await write('docker-credential-witness', 'cat > /dev/null', `cat ${programs}/credential.json`);
  const words = 'level=fatal msg="initializing source docker://x: unauthorized"';
  await write(
    'skopeo',
    'case "$1" in --version) echo skopeo version 1.18.0; exit 0;; esac',
    `echo '${words}' >&2`,
    'exit 1',
  );

  const configuration = join(scene.folder, 'mirror.yaml');
  const text = await readFile(configuration, 'utf8');
  const { host } = scene.at.target;
  await writeFile(
    configuration,
    `${text.replace(', username: ci, password: "${PASSWORD}", proxy: "${PROXY}"', '')}copy: { engine: skopeo }\n`,
  );
  const credHelpers = { [host]: 'witness' };
  await writeFile(join(scene.folder, 'given/config.json'), JSON.stringify({ credHelpers }));
  const { said } = await scene.run('run', '--log-level', 'debug');

  const seenOf = async (name: string): Promise<string> =>
    readFile(join(programs, name), 'utf8').catch(() => assert.fail(`no ${name}: ${said}`));
  // A helper keeps of the environment what it may need; test/unit/registry/auth says what it does not.
  for (const name of ['skopeo.cmdline', 'skopeo.environ', 'docker-credential-witness.cmdline']) {
    assertUnmarked(await seenOf(name), WORDS, name);
  }
  assert.match(await seenOf('skopeo.cmdline'), /^copy$/m);
  assert.match(await seenOf('skopeo.environ'), /^PATH=/m);
});
