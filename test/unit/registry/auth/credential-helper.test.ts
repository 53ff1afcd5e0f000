import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { systemSources } from '../../../../src/registry/credentials.ts';
import { Secret } from '../../../../src/secret.ts';
import { runCredentialHelper } from '../../../../src/registry/auth/credential-helper.ts';

/** Puts a helper of this name into a folder of PATH for the time of a test. */
async function install(test: TestContext, name: string, script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'helper-'));
  const { PATH } = process.env;
  const file = join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  process.env['PATH'] = `${folder}:${PATH ?? ''}`;
  test.after(async () => {
    process.env['PATH'] = PATH;
    await rm(folder, { recursive: true });
  });
  return folder;
}

test('a helper gets the server on its standard input, and gives a pair', async (t) => {
  const folder = await install(
    t,
    'pair',
    'cat > "$(dirname "$0")/asked"; echo "$@" >> "$(dirname "$0")/arguments"; echo \'{"ServerURL":"x","Username":"AWS","Secret":"hunter2"}\'',
  );
  const found = await runCredentialHelper('pair', 'registry.example');
  assert(found?.kind === 'basic');
  assert.deepEqual([found.username, found.password.reveal()], ['AWS', 'hunter2']);
  assert.equal(await readFile(join(folder, 'asked'), 'utf8'), 'registry.example');
  assert.equal(await readFile(join(folder, 'arguments'), 'utf8'), 'get\n');
});

test('a helper may give an identity token, or nothing', async (t) => {
  await install(t, 'identity', 'echo \'{"Username":"<token>","Secret":"refresh"}\'');
  const found = await runCredentialHelper('identity', 'registry.example');
  assert(found?.kind === 'identity');
  assert.equal(found.identityToken.reveal(), 'refresh');
  await install(t, 'none', 'echo "credentials not found in native keychain"; exit 1');
  assert.equal(await runCredentialHelper('none', 'registry.example'), undefined);
  await install(t, 'empty', 'echo \'{"Username":"","Secret":""}\'');
  assert.equal(await runCredentialHelper('empty', 'registry.example'), undefined);
});

test('a helper that fails is named with what it said', async (t) => {
  await install(t, 'broken', 'echo "token has expired; run aws sso login" >&2; exit 3');
  await assert.rejects(runCredentialHelper('broken', 'registry.example'), (error) => {
    assert(error instanceof ConfigError);
    assert.match(
      error.message,
      /docker-credential-broken .*registry\.example.*ended with 3: token has expired/,
    );
    return true;
  });
});

test('what a helper prints of a secret before it fails is not shown', async (t) => {
  const said = String.raw`{"Username":"AWS","Secret":"p\"/+hunter2"} is expired, token=hunter3`;
  await install(t, 'late', `echo '${said}'; exit 1`);
  await assert.rejects(runCredentialHelper('late', 'registry.example'), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, /docker-credential-late .*ended with 1.*is expired/);
    assert.doesNotMatch(error.message, /hunter/);
    return true;
  });
});

test('a helper is given no secret of the job, and what else it may need', async (t) => {
  const folder = await install(
    t,
    'env',
    'env > "$(dirname "$0")/env"; echo \'{"Username":"u","Secret":"s"}\'',
  );
  const job = {
    PATH: process.env['PATH'],
    ATLAN_API_TOKEN: 'hunter2',
    REGISTRY_PASSWORD: 'hunter3',
    AWS_PROFILE: 'mirror',
  };
  const sources = systemSources(job, {
    'registry.example': { username: 'ci', password: new Secret('hunter3') },
  });
  await sources.runHelper('env', 'other.example');
  const given = await readFile(join(folder, 'env'), 'utf8');
  assert.match(given, /^AWS_PROFILE=mirror$/m);
  assert.doesNotMatch(given, /hunter/);
});

test('a helper that is not there is named with what to do', async () => {
  await assert.rejects(
    runCredentialHelper('surely-not-installed', 'registry.example'),
    /docker-credential-surely-not-installed .*not installed, or not in PATH/,
  );
});

test('an answer that is no credential is not shown', async (t) => {
  await install(t, 'garbled', 'echo "hunter2"');
  await assert.rejects(runCredentialHelper('garbled', 'registry.example'), (error) => {
    assert(error instanceof ConfigError);
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /hunter2/);
    return true;
  });
});

test('a name that is no name runs nothing', async () => {
  await assert.rejects(runCredentialHelper('../../bin/sh', 'x'), /is not the name of a/);
});

test('a helper that hangs is given up with the run', async (t) => {
  await install(t, 'hanging', 'exec sleep 60');
  const controller = new AbortController();
  const asked = runCredentialHelper('hanging', 'x', { signal: controller.signal });
  controller.abort(new Error('SIGTERM'));
  await assert.rejects(asked, /SIGTERM/);
});
