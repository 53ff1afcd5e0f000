import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { MapStoreError } from '../../../src/errors.ts';
import { checkMapStore } from '../../../src/stores/check.ts';
import { createGcsStore } from '../../../src/stores/gcs.ts';
import type { ProvableMapStore } from '../../../src/stores/map-store.ts';
import type { GcsPlace } from '../../../src/stores/place.ts';
import { mapStoreFaults } from '../../contracts/map-store-faults.ts';
import { mapStoreContract } from '../../contracts/map-store.ts';
import { assertNothingIsLost } from '../../support/many-writers.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { FakeGcs } from '../../support/servers/fake-gcs.ts';

async function open(place: GcsPlace): Promise<ProvableMapStore> {
  return createGcsStore(place, { env: {}, writer: 'sdr-mirror of a test' });
}

function newKey(): string {
  return `${randomUUID()}/image-map.yaml`;
}

if (findBinary('fake-gcs-server') === undefined) {
  test('fake-gcs-server is installed', (t) => void requireServer(t, 'fake-gcs-server'));
} else {
  const gcs = await FakeGcs.start();
  after(gcs.stop);
  await gcs.createBucket('maps');

  mapStoreContract('fake-gcs-server', () => {
    const key = newKey();
    return {
      open: () => open(gcs.place('maps', key)),
      editByHand: (text) => gcs.put('maps', key, text),
      putBytes: (bytes) => gcs.put('maps', key, bytes),
    };
  });

  mapStoreFaults('fake-gcs-server', async () => {
    const key = newKey();
    return { url: gcs.url, open: (endpoint) => open(gcs.place('maps', key, { endpoint })) };
  });

  test('sixteen writers and a person lose nothing', async () => {
    const key = newKey();
    await assertNothingIsLost(() => open(gcs.place('maps', key)));
  });

  test('the check proves it, and leaves nothing', async () => {
    const key = newKey();
    const steps = await checkMapStore(await open(gcs.place('maps', key)));
    assert.deepEqual(
      steps.filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    assert.deepEqual(await gcs.keys('maps', key), []);
  });

  test('content type, tags and writer are kept', async () => {
    const key = newKey();
    const store = await open(gcs.place('maps', key, { tags: { team: 'data' } }));
    await store.write('# 1\n', undefined);
    const { contentType, metadata } = await gcs.metadata('maps', key);
    assert.equal(contentType, 'application/yaml');
    assert.deepEqual(metadata, { team: 'data', 'sdr-mirror-writer': 'sdr-mirror of a test' });
  });

  test('a bucket that does not exist is not an empty map', async () => {
    const store = await open(gcs.place('nowhere-at-all', 'map.yaml'));
    for (const act of [() => store.read(), () => store.write('# 1\n', undefined)]) {
      await assert.rejects(act(), (error) => {
        assert.ok(error instanceof MapStoreError && !error.retryable);
        assert.match(error.message, /the bucket does not exist/);
        return true;
      });
    }
  });
}
