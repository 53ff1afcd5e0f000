import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConfigError, MapStoreError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { publish } from '../../../src/mirror/publish.ts';
import { Secret } from '../../../src/secret.ts';
import { checkMapStore } from '../../../src/stores/check.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { S3Place } from '../../../src/stores/place.ts';
import { createS3Store } from '../../../src/stores/s3.ts';
import { isMapStoreError, mapStoreContract } from '../../contracts/map-store.ts';
import { FakeS3, type S3Fault } from '../../fakes/s3-server.ts';

const BUCKET = 'maps';
const KEY = 'sdr/image-map.yaml';
const SECRET = 'wJalrXUtnFEMI/K7MDENG';

let s3: FakeS3;
const warnings: string[] = [];
before(async () => {
  s3 = await FakeS3.start();
});
after(() => s3.stop());
beforeEach(() => {
  s3.quirks.clear();
  s3.faults.length = 0;
  s3.requests.length = 0;
  s3.outage = undefined;
  s3.createBucket(BUCKET);
  s3.createBucket('versioned', { versioned: true });
  warnings.length = 0;
});

async function open(place: Partial<S3Place> = {}): Promise<ProvableMapStore> {
  const logger = createLogger(({ message }) => warnings.push(message));
  return createS3Store(
    {
      kind: 's3',
      bucket: BUCKET,
      key: KEY,
      endpoint: s3.url,
      region: 'eu-central-1',
      pathStyle: true,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Secret(SECRET) },
      ...place,
    },
    { env: {}, logger, writer: 'sdr-mirror of a test' },
  );
}

function edit(text: string = ''): string {
  return `${text}# edited\n`;
}

/** A failure to read or write; `lasting`: that no retry will mend. */
function fails(words: RegExp, kind: 'lasting' | 'passing' = 'lasting') {
  return (error: unknown): boolean => {
    isMapStoreError('MAP_UNAVAILABLE')(error);
    assert.ok(error instanceof MapStoreError);
    assert.equal(error.retryable, kind === 'passing', error.message);
    assert.match(
      error.message,
      /^s3:\/\/maps\/sdr\/image-map\.yaml: could not (?:read|write) the map: /,
    );
    assert.match(error.message, words);
    return true;
  };
}

function puts() {
  return s3.requests.filter(
    ({ method, url }) => method === 'PUT' && new URL(url, s3.url).pathname === `/${BUCKET}/${KEY}`,
  );
}

for (const [name, quirk, place] of [
  ['S3', undefined, {}],
  ['S3 that compares ETags without quotes', 'unquoted', {}],
  [
    'S3 with the versions of a bucket',
    'ignores-conditions',
    { bucket: 'versioned', concurrency: 'versions' },
  ],
] as const) {
  mapStoreContract(name, async () => {
    if (quirk !== undefined) s3.quirks.add(quirk);
    const key = `${randomUUID()}/map.yaml`;
    const bucket = 'bucket' in place ? place.bucket : BUCKET;
    return {
      open: () => open({ ...place, key }),
      editByHand: (text) => void s3.put(bucket, key, text),
      putBytes: (bytes) => void s3.put(bucket, key, bytes),
    };
  });
}

describe('what is sent with the map', () => {
  test('content type, and who wrote it', async () => {
    const store = await open();
    await store.write('# 1\n', undefined);
    const headers = puts()[0]?.headers ?? {};
    assert.equal(headers['content-type'], 'application/yaml');
    assert.equal((await store.read())?.writer, 'sdr-mirror of a test');
  });

  test('encryption, storage class and tags where they are configured', async () => {
    const store = await open({
      encryption: { algorithm: 'aws:kms', kmsKeyId: 'alias/maps' },
      storageClass: 'STANDARD_IA',
      tags: { team: 'data & more', env: 'prod' },
      contentType: 'text/yaml',
    });
    await store.write('# 1\n', undefined);
    const headers = puts()[0]?.headers ?? {};
    assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
    assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/maps');
    assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA');
    assert.equal(headers['x-amz-tagging'], 'team=data+%26+more&env=prod');
    assert.equal(headers['content-type'], 'text/yaml');
  });

  test('no checksums and no chunks that other stores refuse', async () => {
    s3.quirks.add('refuses-checksums');
    const store = await open();
    const revision = await store.write('# 1\n', undefined);
    await store.write('# 2\n', revision);
    assert.equal(s3.text(BUCKET, KEY), '# 2\n');
  });
});

describe('whether conditions hold', () => {
  test('is tried once, before the first write, and nothing is left of it', async () => {
    const store = await open();
    await store.read();
    assert.equal(s3.requests.length, 1, 'reading tries nothing');
    const revision = await store.write('# 1\n', undefined);
    const requests = s3.requests.length;
    await store.write('# 2\n', revision);
    assert.equal(s3.requests.length, requests + 1);
    assert.deepEqual(s3.keys(BUCKET), [KEY]);
  });

  test('leaves no versions behind', async () => {
    const store = await open({ bucket: 'versioned' });
    await store.write('# 1\n', undefined);
    const probed = s3.requests.find(({ url }) => url.includes('.probe-'))?.url ?? '';
    const key = decodeURIComponent(new URL(probed, s3.url).pathname.slice('/versioned/'.length));
    assert.equal(s3.versionCount('versioned', key), 0);
  });

  test('tidies up after jobs that were killed at it, not after those that live', async () => {
    s3.put(BUCKET, `${KEY}.probe-dead`, '', { at: new Date(Date.now() - 3_600_000) });
    s3.put(BUCKET, `${KEY}.probe-alive`, '');
    const store = await open();
    await store.write('# 1\n', undefined);
    assert.deepEqual(s3.keys(BUCKET), [KEY, `${KEY}.probe-alive`]);
  });

  for (const quirk of ['ignores-conditions', 'ignores-if-match', 'refuses-conditions'] as const) {
    test(`a store that ${quirk} is refused, with the reason and the ways out`, async () => {
      s3.quirks.add(quirk);
      const store = await open();
      const words = /does not keep two writers apart: .*"versions" .*"single-writer"/;
      await assert.rejects(store.write('# 1\n', undefined), fails(words));
      assert.equal(s3.text(BUCKET, KEY), undefined);
      assert.deepEqual(s3.keys(BUCKET), []);
    });
  }

  for (const [name, fault] of [
    ['a lost reply', { after: true, reset: true }],
    ['500 after it was stored', { after: true, status: 500, code: 'InternalError' }],
    ['500', { status: 500, code: 'InternalError' }],
  ] satisfies [string, S3Fault][]) {
    test(`is found out through ${name} at any of its writes, and nothing is left`, async () => {
      for (let before = 0; before < 4; before += 1) {
        s3.createBucket('versioned', { versioned: true });
        const store = await open({ bucket: 'versioned' });
        s3.skipFaults = before;
        s3.faults.push(fault);
        await store.write('# 1\n', undefined);
        assert.equal(s3.faults.length, 0);
        assert.deepEqual(s3.keys('versioned'), [KEY]);
        const probed = [...new Set(s3.requests.map(({ url }) => new URL(url, s3.url).pathname))];
        for (const path of probed.filter((path) => path.includes('.probe-'))) {
          const key = decodeURIComponent(path.slice('/versioned/'.length));
          assert.equal(s3.versionCount('versioned', key), 0, key);
        }
      }
    });
  }

  test('cannot be found out without the right to write beside the map', async () => {
    const store = await open();
    s3.faults.push({ status: 403, code: 'AccessDenied' });
    await assert.rejects(store.write('# 1\n', undefined), fails(/access denied/));
  });
});

describe('a single writer', () => {
  test('writes where conditions are ignored, warned of what it means', async () => {
    s3.quirks.add('ignores-conditions');
    const store = await open({ concurrency: 'single-writer' });
    assert.match(warnings.join(), /without regard to others/);
    const revision = await store.write('# 1\n', undefined);
    s3.put(BUCKET, KEY, '# by hand\n');
    await assert.rejects(store.write('# 2\n', revision), isMapStoreError('MAP_CONFLICT'));
    await store.write('# 2\n', (await store.read())?.revision);
    assert.equal(s3.text(BUCKET, KEY), '# 2\n');
  });
});

describe('failures', () => {
  for (const [name, fault] of [
    ['500 after it was stored', { after: true, status: 500, code: 'InternalError' }],
    ['a connection cut after it was stored', { after: true, reset: true }],
    ['503', { status: 503, code: 'SlowDown' }],
    ['500 to racing writers', { status: 500, code: 'InternalError' }],
    ['a connection cut before it was stored', { reset: true }],
    ['409 of another write under way', { status: 409, code: 'ConditionalRequestConflict' }],
  ] satisfies [string, S3Fault][]) {
    test(`${name}: published all the same, once`, async () => {
      const store = await open();
      await store.write('# 1\n', undefined);
      s3.faults.push(fault);
      const { changed } = await publish({ store, edit });
      assert.equal(changed, true);
      assert.equal(s3.text(BUCKET, KEY), '# 1\n# edited\n');
    });
  }

  for (const [status, code, words] of [
    [403, 'AccessDenied', /access denied: .*s3:GetObject and s3:PutObject/],
    [403, 'ExpiredToken', /session token has expired/],
    [400, 'ExpiredToken', /session token has expired/],
    [403, 'InvalidAccessKeyId', /access key is not known/],
    [403, 'SignatureDoesNotMatch', /secret key does not fit/],
    [403, 'RequestTimeTooSkewed', /clock is wrong/],
    [404, 'NoSuchBucket', /bucket does not exist/],
    [301, 'PermanentRedirect', /another region/],
    [403, 'SomethingNew', /403 SomethingNew/],
  ] as const) {
    test(`${status} ${code} is said in words, and not asked again`, async () => {
      const store = await open();
      s3.outage = { status, code };
      await assert.rejects(store.read(), fails(words));
      const before = s3.requests.length;
      await assert.rejects(publish({ store, edit }), fails(words));
      // The SDK itself corrects its clock and asks once more.
      assert.ok(s3.requests.length - before <= 2);
    });
  }

  test('a bucket that does not exist is not an empty map', async () => {
    const store = await open({ bucket: 'nowhere' });
    await assert.rejects(store.read(), isMapStoreError('MAP_UNAVAILABLE'));
  });

  test('an outage that lasts ends in an error that may pass', async () => {
    const store = await open();
    s3.outage = { status: 500, code: 'InternalError' };
    await assert.rejects(store.read(), fails(/500 InternalError/, 'passing'));
  });

  test('a server that is not there', async () => {
    const store = await open({ endpoint: 'http://127.0.0.1:1' });
    await assert.rejects(store.read(), fails(/ECONNREFUSED/, 'passing'));
  });

  test('an answer without an ETag is no success', async () => {
    const store = await open({ concurrency: 'single-writer' });
    s3.quirks.add('no-etag');
    s3.put(BUCKET, KEY, '# 1\n');
    await assert.rejects(store.read(), /no ETag/);
  });

  test('an endpoint that is no URL', async () => {
    await assert.rejects(open({ endpoint: 'minio:9000' }), ConfigError);
  });

  test('no secret is in the error or anything it carries', async () => {
    const store = await open();
    s3.outage = { status: 403, code: 'SignatureDoesNotMatch' };
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    const { inspect } = await import('node:util');
    const shown = inspect(error, { depth: 20, showHidden: true });
    assert.doesNotMatch(shown, new RegExp(SECRET));
    assert.doesNotMatch(shown, /Credential=|authorization/i);
  });

  test('the signal ends a request that hangs, with its reason', async () => {
    const store = await open();
    const stop = new AbortController();
    const reason = new Error('stop');
    setImmediate(() => stop.abort(reason));
    await assert.rejects(store.read(stop), reason);
  });
});

describe('the check', () => {
  test('proves a store that is right, and leaves nothing', async () => {
    s3.put(BUCKET, KEY, 'images: {"a/b:1": "r.io/b:1"}\n');
    const steps = await checkMapStore(await open());
    assert.deepEqual(
      steps.map(({ name, outcome }) => `${name}: ${outcome}`),
      [
        'read the map: ok',
        'create an object: ok',
        'read it back: ok',
        'replace it: ok',
        'refuse to create it again: ok',
        'refuse to replace an older revision: ok',
        'let one of several writers win: ok',
        'remove it: ok',
      ],
    );
    assert.equal(steps[0]?.detail, '1 entries');
    assert.deepEqual(s3.keys(BUCKET), [KEY]);
  });

  test('fails for a store that ignores conditions, and leaves nothing', async () => {
    s3.quirks.add('ignores-conditions');
    const steps = await checkMapStore(await open());
    assert.equal(steps.find(({ outcome }) => outcome === 'failed')?.name, 'create an object');
    assert.match(steps[1]?.detail ?? '', /does not keep two writers apart/);
    assert.equal(steps.at(-1)?.outcome, 'skipped');
    assert.deepEqual(s3.keys(BUCKET), []);
  });

  test('goes on past a map that is not valid, and says so', async () => {
    s3.put(BUCKET, KEY, 'images: [\n');
    const steps = await checkMapStore(await open());
    assert.equal(steps[0]?.outcome, 'failed');
    assert.ok(steps.slice(1).every(({ outcome }) => outcome === 'ok'));
  });
});
