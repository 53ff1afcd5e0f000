import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../../../src/secret.ts';
import { withClaim } from '../../../../src/stores/s3/claim.ts';
import { connectS3 } from '../../../../src/stores/s3/client.ts';
import { S3Object } from '../../../../src/stores/s3/object.ts';
import { FakeS3 } from '../../../fakes/s3-server.ts';

const BUCKET = 'maps';
const KEY = 'map.yaml';
let s3: FakeS3;
let object: S3Object;
before(async () => {
  s3 = await FakeS3.start();
  const credentials = { accessKeyId: 'AK', secretAccessKey: new Secret('SK') };
  const place = { kind: 's3', bucket: BUCKET, key: KEY, endpoint: s3.url } as const;
  const { client } = await connectS3({ ...place, pathStyle: true, credentials }, {});
  object = new S3Object(client, BUCKET, KEY, {});
});
after(() => s3.stop());
beforeEach(() => {
  s3.createBucket(BUCKET);
  s3.requests.length = 0;
});

test('one at a time holds the claim, and all have their turn', async () => {
  let holders = 0;
  let turns = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withClaim(
        object,
        's3://maps/map.yaml',
        async () => {
          holders += 1;
          assert.equal(holders, 1);
          await sleep(5);
          holders -= 1;
          turns += 1;
        },
        {},
      ),
    ),
  );
  assert.equal(turns, 8);
  assert.deepEqual(s3.keys(BUCKET), []);
});

test('a claim that stands is waited for', async () => {
  const theirs = `${KEY}.claim-theirs`;
  s3.put(BUCKET, theirs, '');
  let isHeld = false;
  const claiming = withClaim(
    object,
    's3://maps/map.yaml',
    async () => {
      isHeld = true;
    },
    {},
  );
  // Long enough to be looked at more closely as well: by a claim of one's own.
  while (!s3.requests.some(({ method }) => method === 'DELETE')) await sleep(5);
  assert.equal(isHeld, false);
  s3.delete(BUCKET, theirs);
  await claiming;
  assert.equal(isHeld, true);
  assert.deepEqual(s3.keys(BUCKET), []);
});

test('the claim of a writer that died a minute ago is removed', async () => {
  s3.put(BUCKET, `${KEY}.claim-dead`, '', { at: new Date(Date.now() - 61_000) });
  await withClaim(object, 's3://maps/map.yaml', async () => undefined, {});
  assert.deepEqual(s3.keys(BUCKET), []);
});

test('is withdrawn when the work fails', async () => {
  const failure = new Error('no');
  await assert.rejects(
    withClaim(object, 's3://maps/map.yaml', async () => Promise.reject(failure), {}),
    failure,
  );
  assert.deepEqual(s3.keys(BUCKET), []);
});

test('is withdrawn when its own reply was lost', async () => {
  s3.faults.push({ after: true, reset: true });
  await withClaim(object, 's3://maps/map.yaml', async () => undefined, {});
  assert.deepEqual(s3.keys(BUCKET), []);
});

test('is given up while waiting, when the signal says so', async () => {
  s3.put(BUCKET, `${KEY}.claim-theirs`, '');
  const stop = new AbortController();
  const waiting = withClaim(object, 's3://maps/map.yaml', async () => assert.fail('held'), stop);
  while (s3.requests.length === 0) await sleep(5);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});
