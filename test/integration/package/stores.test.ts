/** Every store from the bundle: writing, and losing to another writer, takes more of an SDK than reading does. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { Azurite } from '../../support/servers/azurite.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { FakeGcs } from '../../support/servers/fake-gcs.ts';
import { S3Bucket, startMinio } from '../../support/servers/s3-servers.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const CHECKS = [
  'create an object',
  'read it back',
  'replace it',
  'refuse to create it again',
  'refuse to replace an older revision',
  'let one of several writers win',
  'remove it',
];

/** Has `mirror doctor` prove the store's compare-and-swap; what else it finds does not matter here. */
async function proves(
  t: TestContext,
  map: { readonly store: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const folder = await temporaryFolder('bundle-stores');
  t.after(folder.remove);
  const config = {
    releases: { file: 'releases.json' },
    target: { image: '127.0.0.1:9/{name}:{tag}' },
    map,
    verify: { mode: 'off' },
  };
  await writeFile(join(folder.path, 'releases.json'), '{"releases": []}');
  await writeFile(join(folder.path, 'mirror.yaml'), JSON.stringify(config));
  const env = {
    HOME: folder.path,
    AWS_EC2_METADATA_DISABLED: 'true',
    METADATA_SERVER_DETECTION: 'none',
  };
  const options = { cwd: folder.path, env, extendEnv: false, reject: false };
  const { stdout, stderr } = await execa(
    process.execPath,
    [bundled('cli/mirror'), 'doctor'],
    options,
  );
  for (const check of CHECKS) {
    assert.ok(stdout.includes(`✔ ${check} (${map.store}`), `${check}\n${stdout}\n${stderr}`);
  }
}

test('S3', async (t) => {
  if (!requireServer(t, 'minio')) return;
  const server = await startMinio();
  t.after(server.stop);
  await S3Bucket.create(server, 'maps');
  const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey };
  const s3 = { endpoint: server.url, pathStyle: true, credentials };
  await proves(t, { store: 's3://maps/sdr/image-map.yaml', s3 });
});

test('Azure', async (t) => {
  if (!requireServer(t, 'azurite-blob')) return;
  const azurite = await Azurite.start();
  t.after(azurite.stop);
  await azurite.createContainer('maps');
  const { account, credentials } = azurite.place('maps', 'map.yaml');
  assert.ok(credentials?.kind === 'accountKey');
  const accountKey = credentials.accountKey.reveal();
  const azblob = { endpoint: azurite.endpoint, credentials: { accountKey } };
  await proves(t, { store: `azblob://${account}/maps/map.yaml`, azblob });
});

test('Google', async (t) => {
  if (!requireServer(t, 'fake-gcs-server')) return;
  const gcs = await FakeGcs.start();
  t.after(gcs.stop);
  await gcs.createBucket('maps');
  const gs = { endpoint: gcs.url, credentials: { anonymous: true } };
  await proves(t, { store: 'gs://maps/map.yaml', gs });
});

test('a file', async (t) => {
  const folder = await temporaryFolder('bundle-map');
  t.after(folder.remove);
  await proves(t, { store: `file:${join(folder.path, 'map.yaml')}` });
});
