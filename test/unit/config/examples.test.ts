import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { load, PUBLIC_KEY } from '../../support/config.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');

/** A world in which everything the examples mention is there. */
const env = {
  ATLAN_API_TOKEN: 'token',
  DOCKERHUB_USER: 'user',
  DOCKERHUB_TOKEN: 'token',
  MAP_ACCESS_KEY_ID: 'id',
};
const files = {
  '/run/secrets/atlan-api-token': 'token\n',
  '/run/secrets/map-secret-key': 'secret\n',
  '/run/secrets/registry': 'password\n',
  '/run/secrets/client-key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/srv/job/corp.pem': '-----BEGIN CERTIFICATE-----\n',
  '/srv/job/client.pem': '-----BEGIN CERTIFICATE-----\n',
  '/srv/job/cosign.pub': PUBLIC_KEY,
  '/srv/job/config.yaml': '',
  '/srv/job/trusted_root.json': '{}',
  '/srv/job/releases.json': '{"releases": []}',
};

const examples = globSync('mirror*.yaml', { cwd: EXAMPLES }).map((name) => join(EXAMPLES, name));

test('there are examples', () => {
  assert.ok(examples.length >= 4);
});

for (const path of examples) {
  test(`examples/${basename(path)} loads`, async () => {
    const config = await load(readFileSync(path, 'utf8'), { env, files });
    assert.equal(config.verify.mode, 'enforce');
  });
}
