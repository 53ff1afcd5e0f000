import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { start } from '../../../src/cli/start.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

interface Started {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: unknown;
  readonly isLoaded: boolean;
}

async function started(node: string, ...args: readonly string[]): Promise<Started> {
  const written = { stdout: '', stderr: '' };
  const process = {
    argv: ['node', 'mirror', ...args],
    versions: { node },
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    exit: () => undefined,
    exitCode: undefined as unknown,
  };
  let isLoaded = false;
  await start(process as unknown as NodeJS.Process, async () => {
    isLoaded = true;
    return { main: async () => 3 };
  });
  return { ...written, exitCode: process.exitCode, isLoaded };
}

for (const option of ['--version', '-V']) {
  test(`${option} alone is answered without loading the program`, async () => {
    assert.deepEqual(await started('24.15.0', option), {
      stdout: `${version}\n`,
      stderr: '',
      exitCode: undefined,
      isLoaded: false,
    });
  });
}

test('with anything beside it the program looks at its arguments', async () => {
  const { isLoaded, exitCode, stdout } = await started('24.15.0', '--version', 'run');
  assert.deepEqual({ isLoaded, exitCode, stdout }, { isLoaded: true, exitCode: 3, stdout: '' });
});

test('on a Node that is too old nothing is loaded', async () => {
  const { isLoaded, exitCode, stderr } = await started('18.0.0', 'run');
  assert.deepEqual({ isLoaded, exitCode }, { isLoaded: false, exitCode: 2 });
  assert.match(stderr, /this is 18\.0\.0/);
});
