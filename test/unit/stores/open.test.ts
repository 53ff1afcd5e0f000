import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { openMapStore } from '../../../src/stores/open.ts';
import { FakeS3 } from '../../fakes/s3-server.ts';

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

describe('what the orchestrator is configured with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdr-open-'));
  const s3 = await FakeS3.start();
  s3.createBucket('maps');
  after(async () => {
    s3.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'config.yaml');
  writeFileSync(
    path,
    `container_registry: { image_map_path: sdr/image-map.yaml }
objectstore:
  type: bindings.aws.s3
  version: v1
  metadata:
    - { name: bucket, value: maps }
    - { name: region, value: us-east-1 }
    - { name: endpoint, value: "${s3.url}" }
    - { name: forcePathStyle, value: "true" }
    - { name: accessKey, value: AKCOMPONENT }
    - { name: secretKey, envRef: SECRET }
`,
  );
  const env = { SECRET: 'sesame' };

  test('leads to the same object', async () => {
    const store = await openMapStore({ path }, { cwd: '/', env });
    await store.write('# by the component\n', undefined);
    assert.equal(store.location, 's3://maps/sdr/image-map.yaml');
    assert.equal(s3.text('maps', 'sdr/image-map.yaml'), '# by the component\n');
  });

  test('is overruled by settings of the kind', async () => {
    const credentials = { accessKeyId: 'AKMIRROR', secretAccessKey: new Secret('x') };
    const store = await openMapStore({ path }, { cwd: '/', env, s3: { credentials } });
    s3.requests.length = 0;
    await store.read();
    assert.match(String(s3.requests[0]?.headers['authorization']), /Credential=AKMIRROR\//);
  });

  test('refuses settings for a store of another kind, which would have no effect', async () => {
    await assert.rejects(
      openMapStore({ path }, { cwd: '/', env, gs: { projectId: 'x' } }),
      (error) =>
        error instanceof ConfigError &&
        /map\.gs do not fit: the map is in a store of the kind s3/.test(error.message),
    );
  });
});
