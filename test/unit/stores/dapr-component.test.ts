import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { type ComponentLocation, readComponentPlace } from '../../../src/stores/dapr-component.ts';

const root = mkdtempSync(join(tmpdir(), 'sdr-dapr-'));
after(() => rm(root, { recursive: true, force: true }));

/** Writes files into a folder of their own. */
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(root, randomUUID());
  await mkdir(path);
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

async function read(
  text: string,
  location: Partial<ComponentLocation> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const path = join(await folder({ 'objectstore.yaml': text }), 'objectstore.yaml');
  return revealed(
    await readComponentPlace({ path, key: 'sdr/image-map.yaml', ...location }, { cwd: root, env }),
  );
}

/** Secrets in plain sight, for comparing. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}

function component(type: string, metadata: Readonly<Record<string, string>>): string {
  const items = Object.entries(metadata).map(
    ([name, value]) => `  - {name: ${name}, value: ${JSON.stringify(value)}}\n`,
  );
  return `apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: objectstore}\nspec:\n  type: ${type}\n  version: v1\n  metadata:\n${items.join('')}`;
}

const S3 = component('bindings.aws.s3', { bucket: 'maps', region: 'eu-central-1' });
const MAPS = { kind: 's3', bucket: 'maps', key: 'sdr/image-map.yaml' };

function refused(words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, words);
    return true;
  };
}

describe('the shapes of a component', () => {
  test('a Component file', async () => {
    assert.deepEqual(await read(S3), {
      ...MAPS,
      region: 'eu-central-1',
      pathStyle: false,
      insecureTls: false,
    });
  });

  test('a folder of them', async () => {
    const other = S3.replace('name: objectstore', 'name: atlan-objectstore').replace(
      'maps',
      'theirs',
    );
    const path = await folder({ 'a.yaml': other, 'b.yml': S3, 'README.md': '# not YAML: [' });
    const place = await readComponentPlace({ path, key: 'k' }, { cwd: root, env: {} });
    assert.equal(place.kind === 's3' && place.bucket, 'maps');
    const theirs = await readComponentPlace(
      { path, key: 'k', name: 'atlan-objectstore' },
      { cwd: root, env: {} },
    );
    assert.equal(theirs.kind === 's3' && theirs.bucket, 'theirs');
  });

  test('several documents in a file', async () => {
    const secrets =
      'kind: Component\nmetadata: {name: secretstore}\nspec: {type: secretstores.local.env}\n';
    const place = await read(`${secrets}---\n${S3}`);
    assert.deepEqual((place as { bucket: string }).bucket, 'maps');
  });

  const block =
    'objectstore:\n    type: bindings.aws.s3\n    version: v1\n    metadata: [{name: bucket, value: maps}]\n';
  const registry = 'container_registry: { base: "", image_map_path: /from/config.yaml }\n';
  test('config.yaml, whose path of the map is taken where none is given', async () => {
    const text = `atlan: { deployment_name: prod }\ncomponents:\n  ${block}${registry}`;
    const place = await read(text, { key: undefined } as object);
    assert.equal((place as { key: string }).key, 'from/config.yaml');
    assert.equal(((await read(text)) as { key: string }).key, 'sdr/image-map.yaml');
  });

  test('the same with its components at the top', async () => {
    assert.equal(((await read(block)) as { bucket: string }).bucket, 'maps');
  });

  test('what is no YAML, or stands for too much, is refused without repeating any of it', async () => {
    const levels = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, index, names) => {
      const below = names[index - 1] ?? 'a';
      return `${name}: &${name} [${`*${below},`.repeat(9)}]`;
    });
    const bomb = ['a: &a [x]', ...levels];
    for (const text of [
      `${S3}password: *hunter2\n`,
      `${S3}password: "x"]hunter2\n`,
      `${S3}password: !<hunter2 x\n`,
      bomb.join('\n'),
      `a: ${'['.repeat(20_000)}`,
    ]) {
      await assert.rejects(read(text), (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        return !error.message.includes('hunter2');
      });
    }
  });

  test('a relative path', async () => {
    const path = await folder({ 'c.yaml': S3 });
    const place = await readComponentPlace({ path: 'c.yaml', key: 'k' }, { cwd: path, env: {} });
    assert.equal(place.kind, 's3');
  });

  for (const [name, text, words] of [
    [
      'no such component',
      S3.replace('objectstore', 'other'),
      /no component "objectstore", only "other"/,
    ],
    ['no component at all', 'hello: world\n', /describes no component/],
    ['broken YAML', 'kind: [\n', /objectstore\.yaml:2:1: /],
    [
      'a kind of store there is no map in',
      component('bindings.redis', {}),
      /is of type "bindings.redis": the map can be kept in/,
    ],
    [
      'a bucket that is missing',
      component('bindings.aws.s3', {}),
      /objectstore: component: bucket is missing/,
    ],
    [
      'half a pair of keys',
      component('bindings.aws.s3', { bucket: 'b', accessKey: 'k' }),
      /accessKey and secretKey need each other/,
    ],
    [
      'a secret of nobody',
      component('bindings.azure.blobstorage', {
        accountName: 'a',
        containerName: 'c',
        azureClientSecret: 's',
      }),
      /azureClientSecret needs azureTenantId and azureClientId/,
    ],
    [
      'a left-over placeholder',
      component('bindings.aws.s3', { bucket: '{{ .Values.bucket }}' }),
      /bucket: a placeholder/,
    ],
    ['a value that is missing', `${S3}  - {name: endpoint}\n`, /endpoint: it has no value/],
  ] as const) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(read(text), refused(words));
    });
  }

  test('refuses a file that is not there, and a key that is not said', async () => {
    const options = { cwd: root, env: {} };
    await assert.rejects(
      readComponentPlace({ path: 'nowhere.yaml', key: 'k' }, options),
      refused(/cannot be read: ENOENT/),
    );
    await assert.rejects(read(S3, { key: undefined } as object), refused(/set "map.key"/));
  });
});

describe('references', () => {
  const withSecret = `${S3}  - {name: accessKey, value: AK}\n  - name: secretKey\n    secretKeyRef: {name: STORE, key: SK}\n`;

  test('to the environment', async () => {
    const text = `${S3}  - {name: endpoint, envRef: S3_ENDPOINT}\n`;
    const place = await read(text, {}, { S3_ENDPOINT: 'http://minio:9000' });
    assert.equal((place as { endpoint: string }).endpoint, 'http://minio:9000');
    await assert.rejects(read(text), refused(/environment variable S3_ENDPOINT is not set/));
  });

  test('to a secret, which is in the environment where no store has it', async () => {
    const expected = { accessKeyId: 'AK', secretAccessKey: 'secret sesame' };
    for (const name of ['SK', 'STORE']) {
      const place = await read(withSecret, {}, { [name]: 'sesame' });
      assert.deepEqual((place as { credentials: unknown }).credentials, expected);
    }
    await assert.rejects(
      read(withSecret),
      refused(/the secret "STORE" with the key "SK" is neither/),
    );
  });

  test('to the store of secrets that the component names', async () => {
    const text = withSecret.replace('secretKeyRef: {name: STORE', 'secretKeyRef: {name: s3');
    const store =
      'kind: Component\nmetadata: {name: vault}\nspec:\n  type: secretstores.local.file\n  metadata: [{name: secretsFile, value: secrets.json}]\n';
    const path = await folder({
      'a.yaml': `${text}auth: {secretStore: vault}\n`,
      'b.yaml': store,
      'secrets.json': '{"s3": {"SK": "from the file"}, "other": "x"}',
    });
    const place = await readComponentPlace(
      { path, key: 'k' },
      { cwd: root, env: { SK: 'from the environment' } },
    );
    assert.equal(
      place.kind === 's3' && place.credentials?.secretAccessKey.reveal(),
      'from the file',
    );
    await writeFile(join(path, 'secrets.json'), '{"s3": "sesame" oops');
    await assert.rejects(
      readComponentPlace({ path, key: 'k' }, { cwd: root, env: {} }),
      (error) => {
        refused(/secrets\.json cannot be read: it is not JSON/)(error);
        assert.doesNotMatch(String(error), /sesame/);
        return true;
      },
    );
  });

  test('to a store of environment variables with a prefix', async () => {
    const store =
      'kind: Component\nmetadata: {name: secretstore}\nspec:\n  type: secretstores.local.env\n  metadata: [{name: prefix, value: APP_}]\n';
    const place = await read(
      `${withSecret}---\n${store}`,
      {},
      { APP_STORE: 'prefixed', SK: 'plain' },
    );
    assert.deepEqual(
      (place as { credentials: { secretAccessKey: string } }).credentials.secretAccessKey,
      'secret prefixed',
    );
  });
});

describe('what a component says', () => {
  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, object])[] = [
    [
      'everything of S3, names in any case',
      'bindings.s3',
      {
        BUCKET: 'maps',
        awsRegion: 'us-east-1',
        Endpoint: 'minio:9000',
        accessKey: 'AK',
        secretKey: 'SK',
        sessionToken: 'T',
        forcePathStyle: 'true',
        disableSSL: 'true',
        insecureSSL: 'Yes',
        assumeRoleArn: 'arn:aws:iam::1:role/r',
        sessionName: 's',
        storageClass: 'STANDARD_IA',
        serverSideEncryption: 'aws:kms',
        sseKmsKeyId: 'k',
        decodeBase64: 'true',
      },
      {
        ...MAPS,
        region: 'us-east-1',
        endpoint: 'http://minio:9000',
        pathStyle: true,
        insecureTls: true,
        credentials: {
          accessKeyId: 'AK',
          secretAccessKey: 'secret SK',
          sessionToken: 'secret T',
        },
        assumeRole: { arn: 'arn:aws:iam::1:role/r', sessionName: 's' },
        storageClass: 'STANDARD_IA',
        encryption: { algorithm: 'aws:kms', kmsKeyId: 'k' },
      },
    ],
    [
      'empty keys of S3: ambient credentials, an endpoint as it is',
      'bindings.aws.s3',
      { bucket: 'maps', accessKey: '', secretKey: '', endpoint: 'https://s3.example/api' },
      { ...MAPS, endpoint: 'https://s3.example/api', pathStyle: false, insecureTls: false },
    ],
    [
      'Azure with a key and an endpoint',
      'bindings.azure.blobstorage',
      {
        storageAccount: 'acct',
        storageAccessKey: 'K',
        container: 'c',
        endpoint: 'http://az:10000/',
      },
      {
        kind: 'azblob',
        account: 'acct',
        container: 'c',
        key: 'sdr/image-map.yaml',
        endpoint: 'http://az:10000/acct',
        credentials: { kind: 'accountKey', accountKey: 'secret K' },
      },
    ],
    [
      'Azure with a connection string, which names the account',
      'bindings.azure.blobstorage',
      { connectionString: 'AccountName=acct;AccountKey=K', containerName: 'c' },
      {
        kind: 'azblob',
        account: 'acct',
        container: 'c',
        key: 'sdr/image-map.yaml',
        credentials: {
          kind: 'connectionString',
          connectionString: 'secret AccountName=acct;AccountKey=K',
        },
      },
    ],
    [
      'Azure with a service principal, in another cloud',
      'bindings.azure.blobstorage',
      {
        accountName: 'acct',
        containerName: 'c',
        azureTenantId: 't',
        azureClientId: 'i',
        azureClientSecret: 'S',
        azureEnvironment: 'AzureChinaCloud',
      },
      {
        kind: 'azblob',
        account: 'acct',
        container: 'c',
        key: 'sdr/image-map.yaml',
        endpoint: 'https://acct.blob.core.chinacloudapi.cn',
        credentials: {
          kind: 'clientSecret',
          tenantId: 't',
          clientId: 'i',
          clientSecret: 'secret S',
        },
      },
    ],
    [
      'Azure with one of several identities',
      'bindings.azure.blobstorage',
      { accountName: 'acct', containerName: 'c', azureClientId: 'i' },
      {
        kind: 'azblob',
        account: 'acct',
        container: 'c',
        key: 'sdr/image-map.yaml',
        credentials: { kind: 'identity', clientId: 'i' },
      },
    ],
    [
      'Azure with a SAS token',
      'bindings.azure.blobstorage',
      { accountName: 'acct', containerName: 'c', sasToken: '?sv=1' },
      {
        kind: 'azblob',
        account: 'acct',
        container: 'c',
        key: 'sdr/image-map.yaml',
        credentials: { kind: 'sas', token: 'secret ?sv=1' },
      },
    ],
    [
      'Google with a key whose line breaks are escaped',
      'bindings.gcp.bucket',
      { bucket: 'maps', project_id: 'p', client_email: 'e', private_key: String.raw`-----A\nB\n` },
      {
        kind: 'gs',
        bucket: 'maps',
        key: 'sdr/image-map.yaml',
        projectId: 'p',
        credentials: {
          kind: 'serviceAccount',
          clientEmail: 'e',
          privateKey: 'secret -----A\nB\n',
        },
      },
    ],
    [
      'Google without a key: ambient credentials',
      'bindings.gcs',
      { bucket: 'maps' },
      { kind: 'gs', bucket: 'maps', key: 'sdr/image-map.yaml' },
    ],
    [
      'a local folder',
      'bindings.localstorage',
      { rootPath: '/data' },
      { kind: 'file', path: '/data/sdr/image-map.yaml' },
    ],
  ];
  for (const [name, type, metadata, expected] of cases) {
    test(name, async () => {
      assert.deepEqual(await read(component(type, metadata)), expected);
    });
  }

  test('a local folder has another path outside the container', async () => {
    const text = component('bindings.local.storage', { rootPath: '/data' });
    assert.deepEqual(await read(text, { rootPath: 'mounted' }), {
      kind: 'file',
      path: join(root, 'mounted/sdr/image-map.yaml'),
    });
    await assert.rejects(
      read(text, { key: '../../etc/passwd' }),
      refused(/leads out of its rootPath/),
    );
  });

  test('a number is a value', async () => {
    const text = `${S3}  - {name: storageClass, value: 1}\n`;
    assert.equal(((await read(text)) as { storageClass: string }).storageClass, '1');
  });
});
