/** What the command says, and ends with, when a real store does not do its part. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { execa } from 'execa';
import { bundled } from '../../support/bundled.ts';
import { Azurite } from '../../support/servers/azurite.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { FakeGcs } from '../../support/servers/fake-gcs.ts';
import { S3Bucket, startMinio } from '../../support/servers/s3-servers.ts';
import { freePort, temporaryFolder } from '../../support/servers/server-process.ts';

const command = bundled('cli/mirror');
const folder = await temporaryFolder('exit-code');
after(folder.remove);
/** No identity of this machine's cloud, and no file of this user's. */
const env = {
  HOME: folder.path,
  AWS_EC2_METADATA_DISABLED: 'true',
  METADATA_SERVER_DETECTION: 'none',
};

/** `mirror resolve`, which reads the map and nothing else. */
async function resolve(
  map: object,
): Promise<{ readonly exitCode?: number; readonly error?: Failure }> {
  const config = join(folder.path, 'mirror.json');
  await writeFile(config, JSON.stringify({ map }));
  const { exitCode, stdout } = await execa(
    process.execPath,
    [command, 'resolve', 'atlanhq/app:1', '--config', config, '--output', 'json'],
    { cwd: folder.path, env, extendEnv: false, reject: false },
  );
  const { error } = JSON.parse(stdout) as { readonly error?: Failure };
  return {
    ...(exitCode !== undefined && { exitCode }),
    ...(error !== undefined && { error }),
  };
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

interface Expected {
  readonly code?: string;
  readonly retryable?: boolean;
  readonly says: RegExp;
}

async function fails(
  map: object,
  { code = 'MAP_UNAVAILABLE', retryable = false, says }: Expected,
): Promise<void> {
  const { exitCode, error } = await resolve(map);
  assert.equal(exitCode, 6);
  assert.deepEqual({ code: error?.code, retryable: error?.retryable }, { code, retryable });
  assert.match(error?.message ?? '', says);
}

test('S3', async (t) => {
  if (!requireServer(t, 'minio')) return;
  const server = await startMinio();
  t.after(server.stop);
  const bucket = await S3Bucket.create(server, 'maps');
  const settings = {
    endpoint: server.url,
    pathStyle: true,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  };
  const store = 's3://maps/sdr/image-map.yaml';
  await bucket.put('sdr/image-map.yaml', 'images: {"atlanhq/app:1": "registry.example/app:1"}\n');
  assert.equal((await resolve({ store, s3: settings })).exitCode, 0);
  await fails({ store: 's3://nowhere/map.yaml', s3: settings }, { says: /bucket does not exist/ });
  const wrong = { accessKeyId: server.accessKeyId, secretAccessKey: 'wrong' };
  await fails(
    { store, s3: { ...settings, credentials: wrong } },
    { says: /secret key does not fit/ },
  );
  const { credentials: _, ...without } = settings;
  await fails({ store, s3: without }, { says: /no credentials were found/ });
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  await fails({ store, s3: { ...settings, endpoint } }, { retryable: true, says: /ECONNREFUSED/ });
  await bucket.put('sdr/image-map.yaml', 'images: [');
  await fails({ store, s3: settings }, { code: 'MAP_INVALID', says: /s3:\/\/maps/ });
  assert.equal(await bucket.text('sdr/image-map.yaml'), 'images: [');
});

test('Azure', async (t) => {
  if (!requireServer(t, 'azurite-blob')) return;
  const azurite = await Azurite.start();
  t.after(azurite.stop);
  const { account, credentials } = azurite.place('maps', 'map.yaml');
  assert.ok(credentials?.kind === 'accountKey');
  const settings = {
    endpoint: azurite.endpoint,
    credentials: { accountKey: credentials.accountKey.reveal() },
  };
  const store = `azblob://${account}/nowhere/map.yaml`;
  await fails({ store, azblob: settings }, { says: /container does not exist/ });
  const expired = { sasToken: 'sv=2022-11-02&sr=c&sp=r&se=2020-01-01T00:00:00Z&sig=AAAA' };
  await fails({ store, azblob: { ...settings, credentials: expired } }, { says: /credentials/ });
});

test('Google', async (t) => {
  if (!requireServer(t, 'fake-gcs-server')) return;
  const gcs = await FakeGcs.start();
  t.after(gcs.stop);
  const settings = { endpoint: gcs.url, credentials: { anonymous: true } };
  const store = 'gs://nowhere-at-all/map.yaml';
  await fails({ store, gs: settings }, { says: /bucket does not exist/ });
  await fails({ store, gs: { endpoint: gcs.url } }, { says: /no credentials were found/ });
});

test('a file', async () => {
  await fails({ store: 'file:no/such/folder/map.yaml' }, { says: /folder/ });
});
