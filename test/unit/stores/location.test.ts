import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { parseMapLocation } from '../../../src/stores/location.ts';

describe('parseMapLocation', () => {
  for (const [location, place] of [
    [
      's3://acme-sdr/sdr/image-map.yaml',
      { kind: 's3', bucket: 'acme-sdr', key: 'sdr/image-map.yaml' },
    ],
    ['S3://b/a b%20.yaml', { kind: 's3', bucket: 'b', key: 'a b%20.yaml' }],
    ['gs://acme.example/map.yaml', { kind: 'gs', bucket: 'acme.example', key: 'map.yaml' }],
    [
      'azblob://acct/cont/sdr/m.yaml',
      { kind: 'azblob', account: 'acct', container: 'cont', key: 'sdr/m.yaml' },
    ],
    ['file:m.yaml', { kind: 'file', path: '/srv/m.yaml' }],
  ] as const) {
    test(location, () => {
      assert.deepEqual(parseMapLocation(location, '/srv'), place);
    });
  }

  for (const location of [
    's3://bucket',
    's3://bucket/',
    's3://bucket/folder/',
    's3:///key',
    's3:bucket/key',
    's3://bucket/key?versionId=1',
    's3://bucket/key#x',
    'azblob://account/container',
    'azblob://account//key',
    'gs://',
    'https://acct.blob.core.windows.net/cont/key',
  ]) {
    test(`refuses ${location}`, () => {
      assert.throws(
        () => parseMapLocation(location, '/srv'),
        (error) =>
          error instanceof ConfigError && /is not a place for the map: write/.test(error.message),
      );
    });
  }

  test('refuses credentials without showing them', () => {
    assert.throws(
      () => parseMapLocation('s3://AKID:sesame@bucket/key', '/srv'),
      (error) =>
        error instanceof ConfigError &&
        /holds credentials/.test(error.message) &&
        !error.message.includes('sesame'),
    );
  });
});
