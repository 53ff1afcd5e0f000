import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { openMapStore } from '../../../src/stores/open.ts';

const cwd = '/srv/tenant';
const openAt = (location: string) => openMapStore(location, { cwd });

describe('openMapStore', () => {
  for (const [location, path] of [
    ['file:image-map.yaml', '/srv/tenant/image-map.yaml'],
    ['file:./a b/%20.yaml', '/srv/tenant/a b/%20.yaml'],
    ['file:/etc/sdr/map.yaml', '/etc/sdr/map.yaml'],
    ['file:///etc/s%20dr/map.yaml', '/etc/s dr/map.yaml'],
    ['FILE:map.yaml', '/srv/tenant/map.yaml'],
  ] as const) {
    test(location, async () => {
      assert.equal((await openAt(location)).location, `file:${path}`);
    });
  }

  for (const [location, words] of [
    [
      'ftp://host/map.yaml',
      /"ftp:\/\/host\/map.yaml" is not a place for the map: write file:PATH, s3:\/\/BUCKET\/KEY, .*or gs:/,
    ],
    ['constructor:x', /is not a place/],
    ['image-map.yaml', /for a local file put "file:" before it/],
    ['', /is not a place/],
    ['file:', /names no file/],
    ['file:maps/', /is a folder: name the file in it/],
    ['file://host/map.yaml', /write file:PATH or file:\/\/\/ABSOLUTE\/PATH/],
  ] as const) {
    test(`refuses ${JSON.stringify(location)}`, async () => {
      await assert.rejects(openAt(location), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, words);
        return true;
      });
    });
  }
});
