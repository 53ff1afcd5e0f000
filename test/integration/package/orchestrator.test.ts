import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';
import { startTemporal } from '../../support/servers/temporal.ts';

test("the orchestrator finds Temporal's packages beside the bundle, and speaks with a real server", async (t) => {
  if (!requireServer(t, 'temporal')) return;
  const temporal = await startTemporal();
  t.after(temporal.stop);
  const folder = await temporaryFolder('bundle-orchestrator');
  t.after(folder.remove);
  const config = {
    atlan: { deployment_name: 'prod', domain: 'acme.atlan.com' },
    components: {
      objectstore: {
        type: 'bindings.localstorage',
        version: 'v1',
        metadata: [{ name: 'rootPath', value: folder.path }],
      },
    },
    orchestrator: {
      data_folder: folder.path,
      temporal: { address: temporal.address, tls: false, auth: 'none' },
    },
  };
  await writeFile(join(folder.path, 'config.yaml'), JSON.stringify(config));
  await writeFile(
    join(folder.path, '.env'),
    'ATLAN_AUTH_CLIENT_ID=id\nATLAN_AUTH_CLIENT_SECRET=secret\n',
  );
  const options = { cwd: folder.path, env: { HOME: folder.path }, extendEnv: false, reject: false };
  const { stdout, stderr } = await execa(
    process.execPath,
    [bundled('cli/orchestrator'), 'doctor'],
    options,
  );
  assert.match(stdout, new RegExp(`Temporal at ${temporal.address}, namespace `), stderr);
});
