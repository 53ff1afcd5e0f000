import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const dist = join(bundled('cli/mirror'), '../..');

test('every part of the bundle can be loaded, whatever asks for it first', async () => {
  const chunks = readdirSync(join(dist, 'chunks')).map((name) => join(dist, 'chunks', name));
  assert.ok(chunks.length > 50);
  const script = `for (const path of ${JSON.stringify(chunks)}) await import(path);`;
  const { stderr } = await execa(process.execPath, ['--input-type=module', '--eval', script]);
  assert.equal(stderr, '');
});

test('the SDKs of clouds give what the identity of a workload is asked with, by the name it is known', async (t) => {
  const folder = await temporaryFolder('bundle');
  t.after(folder.remove);
  const env = {
    HOME: folder.path,
    AWS_EC2_METADATA_DISABLED: 'true',
    METADATA_SERVER_DETECTION: 'none',
    AWS_ACCESS_KEY_ID: 'AK',
    AWS_SECRET_ACCESS_KEY: 'SK',
    AZURE_CLIENT_ID: 'client',
    AZURE_TENANT_ID: 'tenant',
    AZURE_FEDERATED_TOKEN_FILE: '/dev/null',
    // Nothing listens there: no cloud is asked.
    HTTPS_PROXY: 'http://127.0.0.1:9',
  };
  const images = [
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1',
    'acme.azurecr.io/app:1',
    'europe-docker.pkg.dev/acme/apps/app:1',
  ];
  const args = [bundled('cli/mirror'), 'verify', ...images];
  const options = { cwd: folder.path, env, extendEnv: false, reject: false, all: true };
  const { all = '', exitCode } = await execa(process.execPath, args, options);
  assert.equal(exitCode, 3, all);
  assert.doesNotMatch(all, /is not a (?:constructor|function)|undefined|Dynamic require/);
});
