import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { load, problems, type ConfigWorld } from '../../support/config.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const PRIVATE_KEY = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';

const only = { sections: ['map'] } as const;

/** What `map` gives, its secrets in plain sight. */
async function map(settings: string, world: ConfigWorld = {}): Promise<unknown> {
  const config = await load(`map:\n${settings}`, { ...world, ...only });
  const { store, settings: own } = config.map;
  return revealed({ store, ...own });
}

/** What is wrong with `map`. */
function wrong(settings: string, world: ConfigWorld = {}): Promise<readonly string[]> {
  return problems(`map:\n${settings}`, { ...world, ...only });
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}

const inAzure = (credentials: string): string => `
  store: azblob://acct/maps/image-map.yaml
  azblob:
    endpoint: https://acct.blob.core.usgovcloudapi.net
    ca: corp.pem
    contentType: text/yaml
    tags: { team: data }
    encryptionScope: maps
    credentials: ${credentials}`;

const atGoogle = (credentials: string): string => `
  store: gs://maps/image-map.yaml
  gs:
    endpoint: https://storage-acme.p.googleapis.com
    projectId: acme
    contentType: text/yaml
    tags: { team: data }
    kmsKeyName: projects/acme/locations/eu/keyRings/maps/cryptoKeys/image-map
    credentials: ${credentials}`;

/** What is left of the file's settings beside `--map`. */
async function besides(location: string): Promise<unknown> {
  const text = 'map: { component: c.yaml, key: k, s3: { region: x } }';
  const config = await load(text, { ...only, overrides: { map: location } });
  return [config.map.store, config.map.settings];
}

describe('where the map lies', () => {
  for (const location of [
    's3://acme-sdr/sdr/image-map.yaml',
    'azblob://account/container/sdr/image-map.yaml',
    'gs://acme-sdr/sdr/image-map.yaml',
  ]) {
    test(location, async () => {
      assert.deepEqual(await map(`  store: ${location}`), { store: location });
    });

    test(`${location} by --map`, async () => {
      const config = await load(undefined, { ...only, overrides: { map: location } });
      assert.equal(config.map.store, location);
    });
  }

  test('files, relative to the configuration file', async () => {
    const files = { '/etc/sdr/mirror.yaml': 'map: { store: "FILE:map.yaml" }' };
    const config = await load(undefined, { ...only, path: '/etc/sdr/mirror.yaml', files });
    assert.equal(config.map.store, 'file:/etc/sdr/map.yaml');
  });

  test("the orchestrator's component: a file, a folder, its config.yaml", async () => {
    const world = { files: { '/srv/job/config.yaml': '' }, folders: ['/srv/job/components'] };
    assert.deepEqual(await map('  component: config.yaml', world), {
      store: { path: '/srv/job/config.yaml' },
    });
    assert.deepEqual(
      await map(
        '  { component: components, key: sdr/image-map.yaml, componentName: maps, rootPath: data }',
        world,
      ),
      {
        store: {
          path: '/srv/job/components',
          key: 'sdr/image-map.yaml',
          name: 'maps',
          rootPath: '/srv/job/data',
        },
      },
    );
  });

  test('a component that is not there is told with its place', async () => {
    assert.deepEqual(await wrong('  component: gone.yaml'), [
      'mirror.yaml:2:14: map.component: the file "gone.yaml" cannot be read: there is no such file',
    ]);
  });

  test('not nowhere, and not in two places', async () => {
    assert.deepEqual(await wrong('  entries: tag'), [
      'mirror.yaml:1:1: map: says not where the map lies: give store, or component',
    ]);
    const files = { '/srv/job/config.yaml': '' };
    assert.deepEqual(await wrong('  store: file:m.yaml\n  component: config.yaml', { files }), [
      'mirror.yaml:3:3: map.component: store and component contradict each other: the map lies in one place',
    ]);
    assert.deepEqual(await wrong('  store: file:m.yaml\n  key: a\n  rootPath: /b'), [
      'mirror.yaml:3:3: map.key: key belongs to a component: leave it out beside store',
      'mirror.yaml:4:3: map.rootPath: rootPath belongs to a component: leave it out beside store',
    ]);
  });
});

describe('settings of a store', () => {
  test('S3, all of them', async () => {
    const settings = `
  store: s3://maps/image-map.yaml
  s3:
    endpoint: https://minio.mycompany.com
    region: eu-central-1
    pathStyle: true
    credentials:
      accessKeyId: \${KEY_ID}
      secretAccessKeyFile: secret-key
      sessionToken: \${SESSION}
    assumeRole: { arn: "arn:aws:iam::123456789012:role/maps", sessionName: mirror }
    ca: corp.pem
    insecureTls: false
    contentType: text/yaml; charset=utf-8
    tags: { team: data-platform, "cost center": "4711" }
    storageClass: STANDARD_IA
    encryption: { algorithm: aws:kms, kmsKeyId: alias/maps }
    concurrency: versions`;
    const world = {
      env: { KEY_ID: 'AKIA', SESSION: 'session' },
      files: { '/srv/job/secret-key': 'sesame\n', '/srv/job/corp.pem': CERTIFICATE },
    };
    assert.deepEqual(await map(settings, world), {
      store: 's3://maps/image-map.yaml',
      s3: {
        endpoint: 'https://minio.mycompany.com',
        region: 'eu-central-1',
        pathStyle: true,
        credentials: {
          accessKeyId: 'AKIA',
          secretAccessKey: 'secret sesame',
          sessionToken: 'secret session',
        },
        assumeRole: { arn: 'arn:aws:iam::123456789012:role/maps', sessionName: 'mirror' },
        ca: CERTIFICATE,
        insecureTls: false,
        contentType: 'text/yaml; charset=utf-8',
        tags: { team: 'data-platform', 'cost center': '4711' },
        storageClass: 'STANDARD_IA',
        encryption: { algorithm: 'aws:kms', kmsKeyId: 'alias/maps' },
        concurrency: 'versions',
      },
    });
  });

  test('Azure, with every kind of credentials', async () => {
    const files = { '/srv/job/corp.pem': CERTIFICATE, '/run/secret': 'sesame\n' };
    const kinds = {
      '{ connectionStringFile: /run/secret }': {
        kind: 'connectionString',
        connectionString: 'secret sesame',
      },
      '{ accountKeyFile: /run/secret }': { kind: 'accountKey', accountKey: 'secret sesame' },
      '{ sasTokenFile: /run/secret }': { kind: 'sas', token: 'secret sesame' },
      '{ tenantId: t, clientId: c, clientSecretFile: /run/secret }': {
        kind: 'clientSecret',
        tenantId: 't',
        clientId: 'c',
        clientSecret: 'secret sesame',
      },
      '{ clientId: c }': { kind: 'identity', clientId: 'c' },
    };
    for (const [written, credentials] of Object.entries(kinds)) {
      assert.deepEqual(await map(inAzure(written), { files }), {
        store: 'azblob://acct/maps/image-map.yaml',
        azblob: {
          endpoint: 'https://acct.blob.core.usgovcloudapi.net',
          ca: CERTIFICATE,
          contentType: 'text/yaml',
          tags: { team: 'data' },
          encryptionScope: 'maps',
          credentials,
        },
      });
    }
  });

  test('Google, with a key and without any', async () => {
    const files = { '/run/key.pem': PRIVATE_KEY };
    const kinds = {
      '{ clientEmail: a@acme.example, privateKeyFile: /run/key.pem }': {
        kind: 'serviceAccount',
        clientEmail: 'a@acme.example',
        privateKey: `secret ${PRIVATE_KEY.trimEnd()}`,
      },
      '{ anonymous: true }': { kind: 'anonymous' },
    };
    for (const [written, credentials] of Object.entries(kinds)) {
      assert.deepEqual(await map(atGoogle(written), { files }), {
        store: 'gs://maps/image-map.yaml',
        gs: {
          endpoint: 'https://storage-acme.p.googleapis.com',
          projectId: 'acme',
          contentType: 'text/yaml',
          tags: { team: 'data' },
          kmsKeyName: 'projects/acme/locations/eu/keyRings/maps/cryptoKeys/image-map',
          credentials,
        },
      });
    }
  });

  test('those of another kind than the store are refused, beside a component none', async () => {
    assert.deepEqual(await wrong('  store: gs://a/b\n  s3: { region: x }\n  azblob: {}'), [
      'mirror.yaml:3:3: map.s3: s3 does not fit store, which is of another kind: leave it out',
      'mirror.yaml:4:3: map.azblob: azblob does not fit store, which is of another kind: leave it out',
    ]);
    const files = { '/srv/job/c.yaml': '' };
    assert.deepEqual(await map('  component: c.yaml\n  s3: { region: x }', { files }), {
      store: { path: '/srv/job/c.yaml' },
      s3: { region: 'x' },
    });
  });

  test('--map puts aside what the file says of another place', async () => {
    assert.deepEqual(await besides('file:m.yaml'), ['file:/srv/job/m.yaml', {}]);
    assert.deepEqual(await besides('s3://a/b'), ['s3://a/b', { s3: { region: 'x' } }]);
  });
});

describe('what is wrong with them', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      's3: { endpoint: minio:9000 }',
      'endpoint: "minio:9000" is not a URL that starts with https://',
    ],
    ['s3: { region: "a b" }', 'region: "a b" is not the name of a region'],
    [
      's3: { credentials: { accessKeyId: a } }',
      'credentials: needs secretAccessKey or secretAccessKeyFile',
    ],
    [
      's3: { credentials: { secretAccessKey: a } }',
      'credentials.accessKeyId: missing; for example "${MAP_ACCESS_KEY_ID}"',
    ],
    [
      's3: { assumeRole: { arn: role/maps } }',
      'assumeRole.arn: "role/maps" is not an ARN, like arn:aws:iam::123456789012:role/image-map',
    ],
    [
      's3: { storageClass: DEEP_ARCHIVE }',
      'storageClass: "DEEP_ARCHIVE" is an archive: nothing could read the map there',
    ],
    ['s3: { storageClass: cold }', 'storageClass: "cold" is not a storage class, like STANDARD'],
    [
      's3: { encryption: { algorithm: AES256, kmsKeyId: a } }',
      'encryption: AES256 takes no key: write aws:kms as algorithm, or leave out kmsKeyId',
    ],
    [
      's3: { encryption: { algorithm: kms } }',
      'encryption.algorithm: expected "AES256" or "aws:kms" or "aws:kms:dsse", got "kms"',
    ],
    [
      's3: { concurrency: none }',
      'concurrency: expected "conditional" or "versions" or "single-writer", got "none"',
    ],
    [
      's3: { ca: "-----BEGIN KEY-----" }',
      'ca: the value holds no PEM text "-----BEGIN CERTIFICATE-----"',
    ],
    ['s3: { contentType: yaml }', 'contentType: "yaml" is not a media type, like application/yaml'],
    [
      `s3: { tags: { ${Array.from({ length: 11 }, (_, index) => `t${index}: x`).join(', ')} } }`,
      'tags: they are more than 10 tags, the most an object can have',
    ],
    ['s3: { tags: { "a*": x } }', 'tags["a*"]: "a*" holds characters that the store does not take'],
    [
      's3: { tags: { a: "x*" } }',
      'tags.a: "x*" is not a value of a tag: letters, digits and "+ - = . _ : / @"',
    ],
    ['s3: { bucket: a }', 'bucket: unknown setting'],
    [
      'azblob: { credentials: {} }',
      'credentials: needs one of connectionString, accountKey, sasToken and clientId, and not several',
    ],
    [
      'azblob: { credentials: { accountKey: a, sasToken: b } }',
      'credentials: needs one of connectionString, accountKey, sasToken and clientId, and not several',
    ],
    [
      'azblob: { credentials: { tenantId: a, clientId: b } }',
      'credentials: a service principal has tenantId, clientId and clientSecret (or clientSecretFile)',
    ],
    [
      'azblob: { credentials: { accountKey: a, accountKeyFile: /b } }',
      'credentials.accountKeyFile: contradicts accountKey: give one of them',
    ],
    [
      'gs: { credentials: { clientEmail: a } }',
      'credentials: needs clientEmail and privateKey (or privateKeyFile), or anonymous: true alone',
    ],
    [
      'gs: { credentials: { clientEmail: a, privateKey: b } }',
      'credentials.privateKey: the value holds no PEM text "-----BEGIN PRIVATE KEY-----"',
    ],
    [
      'gs: { kmsKeyName: maps }',
      'kmsKeyName: "maps" is not a key: write projects/P/locations/L/keyRings/R/cryptoKeys/K',
    ],
    ['gs: { tags: { sdr-mirror-writer: x } }', 'tags.sdr-mirror-writer: "sdr-mirror-writer" holds'],
  ];
  for (const [text, expected] of cases) {
    test(text.slice(0, 90), async () => {
      const [kind = ''] = text.split(':');
      const place = kind === 'azblob' ? 'azblob://account/b/c' : `${kind}://b/c`;
      const found = await wrong(`  store: ${place}\n  ${text}`, { files: { '/b': 'x' } });
      assert.ok(
        found.some((problem) => problem.includes(`: map.${kind}.${expected}`)),
        found.join('\n'),
      );
    });
  }

  test('credentials in a location are not shown', async () => {
    const error = await load('map: { store: "s3://AKIA:sesame@bucket/key" }', only).then(
      () => assert.fail('a location must hold no credentials'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ConfigError);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /sesame/);
  });
});
