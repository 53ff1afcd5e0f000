import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';

// In a process of its own: the cache folder and the CI switch come from the environment.
async function requireNothing(
  t: TestContext,
  { integration, notToBeHad }: { readonly integration: string; readonly notToBeHad: string },
): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), 'require-server-'));
  t.after(async () => rm(cache, { recursive: true }));
  await writeFile(join(cache, 'not-to-be-had'), notToBeHad);
  const module = new URL('../../support/servers/binaries.ts', import.meta.url).href;
  const script = `
    const { requireServer } = await import(${JSON.stringify(module)});
    const context = { skip: (reason) => console.log('skipped:', reason) };
    console.log(requireServer(context, 'no-such-server'));`;
  const result = await execa(process.execPath, ['--input-type=module', '--eval', script], {
    env: { SDR_MIRROR_CACHE: cache, SDR_MIRROR_INTEGRATION: integration },
    all: true,
    reject: false,
  });
  return result.all;
}

test('a missing server skips the test and says what to do', async (t) => {
  assert.equal(
    await requireNothing(t, { integration: '', notToBeHad: '' }),
    'skipped: no-such-server: not installed, run scripts/install-servers.sh\nfalse',
  );
});

test('in CI a missing server fails the test', async (t) => {
  assert.match(
    await requireNothing(t, { integration: '1', notToBeHad: '' }),
    /Error: no-such-server must be there when SDR_MIRROR_INTEGRATION=1/,
  );
});

test('in CI a server that is known not to be had skips the test with the reason', async (t) => {
  assert.equal(
    await requireNothing(t, { integration: '1', notToBeHad: 'no-such-server\tbecause\n' }),
    'skipped: no-such-server: because\nfalse',
  );
});
