import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { silentLogger } from '../../../../src/log.ts';
import { Secret } from '../../../../src/secret.ts';
import type { ProvableMapStore } from '../../../../src/stores/map-store.ts';
import { createS3Store } from '../../../../src/stores/s3.ts';
import { isMapStoreError } from '../../../contracts/map-store.ts';
import { FakeS3 } from '../../../fakes/s3-server.ts';

const BUCKET = 'versioned';
const KEY = 'map.yaml';
let s3: FakeS3;
before(async () => {
  s3 = await FakeS3.start();
  s3.quirks.add('ignores-conditions');
});
after(() => s3.stop());
beforeEach(() => {
  s3.createBucket(BUCKET, { versioned: true });
  s3.requests.length = 0;
  s3.onPut = () => undefined;
});

async function open(bucket: string = BUCKET): Promise<ProvableMapStore> {
  return createS3Store(
    {
      kind: 's3',
      bucket,
      key: KEY,
      endpoint: s3.url,
      region: 'us-east-1',
      pathStyle: true,
      concurrency: 'versions',
      credentials: { accessKeyId: 'AK', secretAccessKey: new Secret('SK') },
    },
    { env: {}, logger: silentLogger, writer: 'test' },
  );
}

async function textOf(store: ProvableMapStore): Promise<string | undefined> {
  return (await store.read())?.text;
}

describe('which version counts', () => {
  test('one uploaded by hand, whatever was there', async () => {
    s3.put(BUCKET, KEY, '# 1\n');
    s3.put(BUCKET, KEY, '# by hand\n');
    assert.equal(await textOf(await open()), '# by hand\n');
  });

  test('not one that came too late, whose writer died before it put things right', async () => {
    const first = s3.put(BUCKET, KEY, '# 1\n');
    const second = s3.put(BUCKET, KEY, '# 2\n', { base: first });
    s3.put(BUCKET, KEY, '# too late\n', { base: first });
    const store = await open();
    const stored = await store.read();
    assert.deepEqual([stored?.text, stored?.revision], ['# 2\n', second]);
    await store.write('# 3\n', stored?.revision);
    assert.equal(s3.text(BUCKET, KEY), '# 3\n');
    assert.equal(await textOf(await open()), '# 3\n');
  });

  test('what was put back after one that came too late, and what follows', async () => {
    const first = s3.put(BUCKET, KEY, '# 1\n');
    const second = s3.put(BUCKET, KEY, '# 2\n', { base: first });
    s3.put(BUCKET, KEY, '# too late\n', { base: first });
    const back = s3.put(BUCKET, KEY, '# 2\n', { base: second });
    assert.equal((await (await open()).read())?.revision, back);
    s3.put(BUCKET, KEY, '# also too late\n', { base: second });
    assert.equal((await (await open()).read())?.revision, back);
  });

  test('the oldest there is, when what it was made from has expired', async () => {
    const first = s3.put(BUCKET, KEY, '# 1\n');
    s3.put(BUCKET, KEY, '# 2\n', { base: first });
    s3.expire(BUCKET, KEY, 1);
    assert.equal(await textOf(await open()), '# 2\n');
  });

  test('none after the map was deleted, until one is created anew', async () => {
    const first = s3.put(BUCKET, KEY, '# 1\n');
    s3.delete(BUCKET, KEY);
    const store = await open();
    assert.equal(await store.read(), undefined);
    s3.put(BUCKET, KEY, '# made from what was deleted\n', { base: first });
    assert.equal(await store.read(), undefined);
    await assert.rejects(store.write('# 2\n', first as never), isMapStoreError('MAP_CONFLICT'));
    await store.write('# 2\n', undefined);
    assert.equal(await textOf(store), '# 2\n');
  });
});

describe('an upload by hand at the very moment of writing', () => {
  test('survives byte for byte, on top, and the writer is told', async () => {
    const store = await open();
    const revision = await store.write('# 1\n', undefined);
    const byHand = '\uFEFF# by hand — keep\r\n';
    s3.onPut = (key) => {
      if (key !== KEY) return;
      s3.onPut = () => undefined;
      s3.put(BUCKET, KEY, byHand);
    };
    await assert.rejects(store.write('# 2\n', revision), isMapStoreError('MAP_CONFLICT'));
    assert.equal(s3.text(BUCKET, KEY), byHand);
    assert.equal(await textOf(store), byHand);
    await store.write('# 3\n', (await store.read())?.revision);
    assert.equal(s3.text(BUCKET, KEY), '# 3\n');
  });

  test('survives also when another comes while it is put back', async () => {
    const store = await open();
    const revision = await store.write('# 1\n', undefined);
    const uploads = ['# by hand 1\n', '# by hand 2\n'];
    s3.onPut = (key) => {
      const upload = key === KEY ? uploads.shift() : undefined;
      if (upload !== undefined) s3.put(BUCKET, KEY, upload);
    };
    await assert.rejects(store.write('# 2\n', revision), isMapStoreError('MAP_CONFLICT'));
    assert.equal(s3.text(BUCKET, KEY), '# by hand 2\n');
  });
});

test('a bucket without versions is refused before anything is written', async () => {
  s3.createBucket('plain');
  const store = await open('plain');
  await assert.rejects(store.write('# 1\n', undefined), /keeps no versions.*enable versioning/);
  assert.deepEqual(s3.keys('plain'), []);
});

test('nothing but versions of the map is left', async () => {
  const store = await open();
  const revision = await store.write('# 1\n', undefined);
  await store.write('# 2\n', revision);
  assert.deepEqual(s3.keys(BUCKET), [KEY]);
  const claims = s3.requests
    .map(({ url }) => decodeURIComponent(new URL(url, s3.url).pathname.slice(BUCKET.length + 2)))
    .filter((key) => key.startsWith(`${KEY}.claim-`));
  assert.ok(claims.length > 0);
  for (const key of claims) assert.equal(s3.versionCount(BUCKET, key), 0);
});
