import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import { publish } from '../../../src/mirror/publish.ts';
import { Secret } from '../../../src/secret.ts';
import { checkMapStore } from '../../../src/stores/check.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { S3Place } from '../../../src/stores/place.ts';
import { createS3Store } from '../../../src/stores/s3.ts';
import { mapStoreFaults } from '../../contracts/map-store-faults.ts';
import { mapStoreContract } from '../../contracts/map-store.ts';
import { assertNothingIsLost } from '../../support/many-writers.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { CEPH_PROGRAMS, startCeph } from '../../support/servers/ceph.ts';
import {
  MINIO_KEY,
  S3Bucket,
  type S3Server,
  startGofakes3,
  startMinio,
  startS3rver,
} from '../../support/servers/s3-servers.ts';

async function open(
  place: S3Place,
  env: Readonly<Record<string, string>> = {},
): Promise<ProvableMapStore> {
  return createS3Store(place, { env, logger: silentLogger, writer: 'sdr-mirror of a test' });
}

function withKeys(place: S3Place, accessKeyId: string, secret: string): Promise<ProvableMapStore> {
  return open({ ...place, credentials: { accessKeyId, secretAccessKey: new Secret(secret) } });
}

function fails(words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MapStoreError, String(error));
    assert.equal(error.code, 'MAP_UNAVAILABLE');
    assert.equal(error.retryable, false);
    assert.match(error.message, words);
    return true;
  };
}

/** Starts a server for this file's tests; where it is not installed, one test says so. */
async function serverOf(
  name: string,
  programs: readonly string[],
  start: () => Promise<S3Server>,
): Promise<S3Server | undefined> {
  if (programs.some((program) => findBinary(program) === undefined)) {
    test(`${name} is installed`, (t) => void requireServer(t, ...programs));
    return undefined;
  }
  const server = await start();
  after(server.stop);
  return server;
}

for (const [name, programs, start] of [
  ['gofakes3', ['gofakes3'], startGofakes3],
  ['MinIO', ['minio'], startMinio],
  ['Ceph RGW', CEPH_PROGRAMS, startCeph],
] as const) {
  const server = await serverOf(name, programs, start);
  if (server === undefined) continue;
  const bucket = await S3Bucket.create(server, 'maps');
  const emptyPlace = (): {
    readonly key: string;
    readonly open: () => Promise<ProvableMapStore>;
  } => {
    const key = `${randomUUID()}/image-map.yaml`;
    return { key, open: () => open(bucket.place(key)) };
  };

  mapStoreContract(name, () => {
    const place = emptyPlace();
    return {
      open: place.open,
      editByHand: (text) => bucket.put(place.key, text),
      putBytes: (bytes) => bucket.put(place.key, bytes),
    };
  });

  mapStoreFaults(name, async () => {
    const { key } = emptyPlace();
    return { url: server.url, open: (endpoint) => open(bucket.place(key, { endpoint })) };
  });

  test(`${name}: sixteen writers and a person lose nothing`, async () => {
    await assertNothingIsLost(emptyPlace().open);
  });

  test(`${name}: the check proves it, and leaves nothing`, async () => {
    const place = emptyPlace();
    const steps = await checkMapStore(await place.open());
    assert.deepEqual(
      steps.filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    assert.deepEqual(await bucket.keys(place.key), []);
  });

  test(`${name}: content type and tags are kept`, async () => {
    const key = `${randomUUID()}/image-map.yaml`;
    const store = await open(
      bucket.place(key, name === 'gofakes3' ? {} : { tags: { team: 'data' } }),
    );
    await store.write('# 1\n', undefined);
    const head = await bucket.head(key);
    assert.equal(head.ContentType, 'application/yaml');
    if (name !== 'gofakes3') assert.deepEqual(await bucket.tags(key), { team: 'data' });
  });

  test(`${name}: a bucket that does not exist is not an empty map`, async () => {
    const store = await open({ ...bucket.place('map.yaml'), bucket: 'nowhere-at-all' });
    await assert.rejects(store.read(), fails(/the bucket does not exist/));
  });
}

const ignoring = await serverOf('s3rver', ['s3rver'], startS3rver);
if (ignoring !== undefined) {
  const bucket = await S3Bucket.create(ignoring, 'maps');

  test('s3rver, which ignores conditions, is refused and nothing is left of the attempt', async () => {
    const store = await open(bucket.place('sdr/map.yaml'));
    assert.equal(await store.read(), undefined);
    await assert.rejects(
      store.write('# 1\n', undefined),
      fails(/does not keep two writers apart: If-None-Match: \* replaced an object that exists/),
    );
    assert.deepEqual(await bucket.keys('sdr/'), []);
    const steps = await checkMapStore(store);
    assert.equal(steps.find(({ outcome }) => outcome === 'failed')?.name, 'create an object');
  });

  test('s3rver serves a single writer', async () => {
    const store = await open(bucket.place('sdr/map.yaml', { concurrency: 'single-writer' }));
    const revision = await store.write('# 1\n', undefined);
    await store.write('# 2\n', revision);
    assert.equal(await bucket.text('sdr/map.yaml'), '# 2\n');
  });
}

describe('a bucket that keeps versions, without conditions', async () => {
  for (const [name, programs, start] of [
    ['MinIO', ['minio'], startMinio],
    ['Ceph RGW', CEPH_PROGRAMS, startCeph],
  ] as const) {
    const server = await serverOf(name, programs, start);
    if (server === undefined) continue;
    const bucket = await S3Bucket.create(server, 'versioned', { versioned: true });
    const at = (key: string) => () => open(bucket.place(key, { concurrency: 'versions' }));

    mapStoreContract(`${name} by versions`, () => {
      const key = `${randomUUID()}/image-map.yaml`;
      return { open: at(key), editByHand: (text) => bucket.put(key, text) };
    });

    test(`${name} by versions: many writers and a person lose nothing`, async () => {
      await assertNothingIsLost(at(`${randomUUID()}/map.yaml`), { writers: 6, edits: 8 });
    });

    test(`${name} by versions: needs versions`, async () => {
      const plain = await S3Bucket.create(server, 'plain');
      const store = await open(plain.place('map.yaml', { concurrency: 'versions' }));
      await assert.rejects(store.write('# 1\n', undefined), fails(/keeps no versions/));
    });
  }
});

describe('MinIO, which checks who asks', async () => {
  const server = await serverOf('MinIO with TLS', ['minio', 'openssl'], () =>
    startMinio({ tls: true }),
  );
  if (server?.ca === undefined) return;
  const ca = await readFile(server.ca, 'utf8');
  const bucket = await S3Bucket.create(server, 'maps', { ca });
  const place = (more: Partial<S3Place> = {}): S3Place =>
    bucket.place('sdr/map.yaml', { ca, ...more });

  test('a private authority is trusted where it is named', async () => {
    await (await open(place())).read();
    const { ca: _, ...without } = place();
    await assert.rejects(
      (await open(without)).read(),
      fails(/certificate is not trusted .*NODE_EXTRA_CA_CERTS/),
    );
    await (await open(without, { AWS_CA_BUNDLE: server.ca ?? '' })).read();
    await (await open({ ...without, insecureTls: true })).read();
  });

  test('keys that are wrong', async () => {
    const { accessKeyId, secretAccessKey } = server;
    await assert.rejects(
      (await withKeys(place(), 'nobody', secretAccessKey)).read(),
      fails(/access key is not known/),
    );
    await assert.rejects(
      (await withKeys(place(), accessKeyId, 'wrong')).read(),
      fails(/secret key does not fit/),
    );
  });

  test('a session that is not valid', async () => {
    const credentials = {
      accessKeyId: server.accessKeyId,
      secretAccessKey: new Secret(server.secretAccessKey),
      sessionToken: new Secret('expired-or-made-up'),
    };
    await assert.rejects((await open(place({ credentials }))).read(), fails(/credentials|token/));
  });

  test('a key without permission', async () => {
    const session = await bucket.sessionFor(['s3:GetObject', 's3:ListBucket'], ca);
    await bucket.put('sdr/map.yaml', '# 1\n');
    const store = await open(place({ credentials: session }));
    const stored = await store.read();
    assert.equal(stored?.text, '# 1\n');
    await assert.rejects(
      store.write('# 2\n', stored?.revision),
      fails(/access denied: .*s3:PutObject/),
    );
    assert.equal(await bucket.text('sdr/map.yaml'), '# 1\n');
    const nothing = await bucket.sessionFor(['s3:GetBucketLocation'], ca);
    await assert.rejects(
      (await open(place({ credentials: nothing }))).read(),
      fails(/access denied: .*s3:GetObject/),
    );
  });

  /** The policy of the guide, and what it says to add. */
  const guide = await readFile(join(import.meta.dirname, '../../../docs/stores.md'), 'utf8');
  const [, json = ''] = /^### Amazon S3.*?^```json\n(.*?)^```$/ms.exec(guide) ?? [];
  const { Statement } = JSON.parse(json) as { readonly Statement: readonly object[] };

  test('the least rights of the guide suffice, and are the least', async () => {
    const acme = await S3Bucket.create(server, 'acme-sdr', { ca });
    const key = 'sdr/image-map.yaml';
    const publishWith = async (statements: readonly object[]): Promise<ProvableMapStore> => {
      const credentials = await acme.sessionUnder(statements, ca);
      const store = await open(acme.place(key, { ca, credentials }));
      await publish({ store, edit: (text = '') => `${text}# edited\n` });
      return store;
    };
    // That listing is needed, too, holds for Amazon alone.
    for (const without of [0, 1]) {
      const rest = Statement.filter((_, at) => at !== without);
      await assert.rejects(publishWith(rest), fails(/denied/));
      assert.deepEqual(await acme.keys(key), []);
    }
    const steps = await checkMapStore(await publishWith(Statement));
    assert.deepEqual(
      steps.filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    assert.deepEqual(await acme.keys(''), [key]);
    const credentials = await acme.sessionUnder(Statement, ca);
    await assert.rejects((await open(acme.place('sdr/other.yaml', { ca, credentials }))).read());
  });

  test('those for a bucket that keeps versions suffice, too', async () => {
    const acme = await S3Bucket.create(server, 'acme-versions', { ca, versioned: true });
    const named = JSON.parse(JSON.stringify(Statement).replaceAll('acme-sdr', 'acme-versions'));
    const further = [
      {
        Effect: 'Allow',
        Action: 's3:GetObjectVersion',
        Resource: 'arn:aws:s3:::acme-versions/sdr/image-map.yaml',
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucketVersions', 's3:GetBucketVersioning'],
        Resource: 'arn:aws:s3:::acme-versions',
      },
    ];
    const credentials = await acme.sessionUnder([...(named as object[]), ...further], ca);
    for (const concurrency of ['conditional', 'versions'] as const) {
      const more = { ca, credentials, concurrency };
      const store = await open(acme.place('sdr/image-map.yaml', more));
      await publish({ store, edit: (text = '') => `${text}# by ${concurrency}\n` });
    }
    assert.equal(await acme.text('sdr/image-map.yaml'), '# by conditional\n# by versions\n');
    assert.deepEqual(await acme.keys(''), ['sdr/image-map.yaml']);
  });

  test('encryption is what was asked for', async () => {
    for (const [encryption, algorithm, key] of [
      [{ algorithm: 'AES256' }, 'AES256', undefined],
      [{ algorithm: 'aws:kms', kmsKeyId: MINIO_KEY }, 'aws:kms', new RegExp(`${MINIO_KEY}$`)],
    ] as const) {
      const name = `sdr/${algorithm}.yaml`;
      await (await open(bucket.place(name, { ca, encryption }))).write('# 1\n', undefined);
      const head = await bucket.head(name);
      assert.equal(head.ServerSideEncryption, algorithm);
      if (key !== undefined) assert.match(head.SSEKMSKeyId ?? '', key);
      assert.equal(await bucket.text(name), '# 1\n');
    }
  });

  test('a clock that is off by hours is corrected by what the store says', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 5 * 3600 * 1000 });
    const store = await open(bucket.place('sdr/skewed.yaml', { ca }));
    const revision = await store.write('# 1\n', undefined);
    assert.deepEqual((await store.read())?.revision, revision);
  });
});
