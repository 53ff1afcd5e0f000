import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { MapStoreError } from '../../../src/errors.ts';
import { publish } from '../../../src/mirror/publish.ts';
import { createGcsStore } from '../../../src/stores/gcs.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { GcsPlace } from '../../../src/stores/place.ts';
import { Secret } from '../../../src/secret.ts';
import { isMapStoreError, mapStoreContract } from '../../contracts/map-store.ts';
import { FakeGcsServer, type GcsFault } from '../../fakes/gcs-server.ts';

const BUCKET = 'maps';
const KEY = 'sdr/image map.yaml';

let gcs: FakeGcsServer;
before(async () => {
  gcs = await FakeGcsServer.start();
});
after(() => gcs.stop());
beforeEach(() => {
  gcs.faults.length = 0;
  gcs.requests.length = 0;
  gcs.outage = undefined;
  gcs.hasWrongChecksums = false;
  gcs.createBucket(BUCKET);
});

async function open(place: Partial<GcsPlace> = {}): Promise<ProvableMapStore> {
  return createGcsStore(
    {
      kind: 'gs',
      bucket: BUCKET,
      key: KEY,
      endpoint: gcs.url,
      credentials: { kind: 'anonymous' },
      ...place,
    },
    { env: {}, writer: 'sdr-mirror of a test' },
  );
}

function edit(text: string = ''): string {
  return `${text}# edited\n`;
}

mapStoreContract('Google Cloud Storage', () => {
  const key = `${randomUUID()}/map.yaml`;
  return {
    open: () => open({ key }),
    editByHand: (text) => gcs.put(BUCKET, key, text),
    putBytes: (bytes) => gcs.put(BUCKET, key, bytes),
  };
});

describe('the SDK’s traps', () => {
  test('a checksum that does not fit deletes nothing', async () => {
    gcs.hasWrongChecksums = true;
    const store = await open();
    const revision = await store.write('# 1\n', undefined);
    await store.write('# 2\n', revision);
    await store.read();
    assert.deepEqual(
      gcs.requests.filter(({ method }) => method === 'DELETE'),
      [],
    );
    assert.equal(gcs.text(BUCKET, KEY), '# 2\n');
  });

  test('every upload has a condition, and is sent once', async () => {
    const store = await open();
    gcs.faults.push({ status: 503 });
    await assert.rejects(store.write('# 1\n', undefined), isMapStoreError('MAP_UNAVAILABLE'));
    const uploads = gcs.requests.filter(({ method }) => method === 'POST');
    assert.deepEqual(
      uploads.map(({ url }) => url.searchParams.get('ifGenerationMatch')),
      ['0'],
    );
  });

  test('a generation above 2^53 is compared exactly', async () => {
    const store = await open();
    const revision = await store.write('# 1\n', undefined);
    assert.match(revision, /^17\d{14}$/);
    await assert.rejects(
      store.write('# 2\n', `${BigInt(revision) + 1n}` as typeof revision),
      isMapStoreError('MAP_CONFLICT'),
    );
  });

  test('body and generation come from one request', async () => {
    const store = await open();
    await store.write('# 1\n', undefined);
    gcs.requests.length = 0;
    await store.read();
    assert.equal(gcs.requests.length, 1);
  });

  test('no process warning about listeners for a map of some size', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const store = await open();
    const text = `# ${'x'.repeat(300_000)}\n`;
    await store.write(text, undefined);
    assert.equal((await store.read())?.text, text);
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });
});

describe('what is sent with the map', () => {
  test('content type, tags, key, and who wrote it', async () => {
    const store = await open({ tags: { team: 'data' }, kmsKeyName: 'projects/p/keys/k' });
    await store.write('# 1\n', undefined);
    const upload = gcs.requests.find(({ method }) => method === 'POST');
    assert.match(upload?.body ?? '', /"contentType":"application\/yaml"/);
    assert.match(upload?.body ?? '', /"team":"data"/);
    assert.equal(upload?.url.searchParams.get('kmsKeyName'), 'projects/p/keys/k');
    assert.equal((await store.read())?.writer, 'sdr-mirror of a test');
  });

  test('a token of the service account, also to an endpoint that is not Google’s', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const store = await open({
      credentials: {
        kind: 'serviceAccount',
        clientEmail: 'mirror@p.iam.gserviceaccount.com',
        privateKey: new Secret(pem),
      },
    });
    await store.read();
    const authorization = gcs.requests[0]?.headers.authorization ?? '';
    assert.match(authorization, /^Bearer ey/);
    gcs.outage = { status: 403, message: 'no' };
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    const shown = inspect(error, { depth: 20, showHidden: true });
    assert.doesNotMatch(shown, /Bearer ey|PRIVATE KEY/);
  });
});

describe('failures', () => {
  for (const [name, fault] of [
    ['503 after it was stored', { after: true, status: 503 }],
    ['a connection cut after it was stored', { after: true, reset: true }],
    ['503', { status: 503 }],
    ['a connection cut before it was stored', { reset: true }],
  ] satisfies [string, GcsFault][]) {
    test(`${name}: published all the same, once`, async () => {
      const store = await open();
      await store.write('# 1\n', undefined);
      gcs.faults.push(fault);
      const { changed } = await publish({ store, edit });
      assert.equal(changed, true);
      assert.equal(gcs.text(BUCKET, KEY), '# 1\n# edited\n');
    });
  }

  test('429, one write of the object after another: others are writing, and the turn comes', async () => {
    const store = await open();
    await store.write('# 1\n', undefined);
    gcs.faults.push(...Array.from({ length: 9 }, () => ({ status: 429 })));
    const { attempts } = await publish({ store, edit, sleep: async () => undefined });
    assert.equal(attempts, 10);
    assert.equal(gcs.text(BUCKET, KEY), '# 1\n# edited\n');
  });

  for (const [status, message, words] of [
    [401, 'Invalid Credentials', /401: .*check the credentials and this machine’s clock/],
    [403, 'mirror@p does not have storage.objects.get access', /Storage Object User/],
    [400, 'Invalid argument', /400: Invalid argument/],
  ] as const) {
    test(`${status} is said in words, and not asked again`, async () => {
      const store = await open();
      gcs.outage = { status, message };
      await assert.rejects(publish({ store, edit }), (error) => {
        isMapStoreError('MAP_UNAVAILABLE')(error);
        assert.ok(error instanceof MapStoreError && !error.retryable);
        assert.match(error.message, words);
        return true;
      });
      assert.equal(gcs.requests.length, 1);
    });
  }

  test('a bucket that does not exist is not an empty map', async () => {
    const store = await open({ bucket: 'nowhere' });
    await assert.rejects(store.read(), /gs:\/\/nowhere.*the bucket does not exist/);
    await assert.rejects(store.write('', undefined), /the bucket does not exist/);
  });

  test('reading is tried again through an outage that passes', async () => {
    const store = await open();
    gcs.put(BUCKET, KEY, '# 1\n');
    gcs.outage = { status: 503, message: 'backendError' };
    const reading = store.read();
    while (gcs.requests.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    gcs.outage = undefined;
    assert.equal((await reading)?.text, '# 1\n');
  });

  test('the signal ends a request that hangs, with its reason', async (t) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const store = await open({
      endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    });
    for (const act of [
      (signal: AbortSignal) => store.read({ signal }),
      (signal: AbortSignal) => store.write('# 1\n', undefined, { signal }),
    ]) {
      const stop = new AbortController();
      const reason = new Error('stop');
      const asked = once(silent, 'request');
      const acting = act(stop.signal);
      await asked;
      stop.abort(reason);
      await assert.rejects(acting, reason);
    }
    silent.closeAllConnections();
  });
});
