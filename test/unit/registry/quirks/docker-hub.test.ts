import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCredential } from '../../../../src/registry/credentials.ts';
import { Hosts } from '../../../../src/registry/hosts.ts';
import { parseReference } from '../../../../src/registry/reference.ts';
import { MANIFEST, MANIFEST_HEADERS, openQuirkWorld } from '../../../support/quirk-world.ts';
import { json, refusal } from '../../../support/scripted-server.ts';

test('images, API and credentials each have a host of their own', async () => {
  const { registry, repository } = parseReference('alpine:3');
  assert.equal(`${registry}/${repository}`, 'docker.io/library/alpine');
  assert.equal(new Hosts({}).apiUrl(registry).host, 'registry-1.docker.io');
  const auth = Buffer.from('acme:token').toString('base64');
  const credential = await findCredential(
    registry,
    {},
    {
      env: {},
      homeDirectory: '/home/me',
      readText: async () => JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth } } }),
      runHelper: async () => undefined,
    },
  );
  assert(credential.kind === 'basic');
  assert.equal(credential.username, 'acme');
});

test('a digest is asked for by HEAD, which does not count as a pull', async (t) => {
  const world = await openQuirkWorld(t, () => ({ status: 200, headers: MANIFEST_HEADERS }));
  await world.source.head(world.tag);
  assert.deepEqual(world.server.log, ['HEAD /v2/acme/app/manifests/1.0']);
});

test('a Retry-After as unix time is a moment, not sixty years', async (t) => {
  let isLimited = true;
  const world = await openQuirkWorld(t, () => {
    if (!isLimited) return { status: 200, headers: MANIFEST_HEADERS };
    isLimited = false;
    const until = String(Date.UTC(2026, 0, 1) / 1000 + 90);
    const body = { errors: [{ code: 'TOOMANYREQUESTS', message: 'pull rate limit' }] };
    return json(429, body, { 'retry-after': until });
  });
  await world.source.head(world.tag);
  assert.deepEqual(world.clock.sleeps, [90_000]);
});

test('the last pull of the quota is noticed', async (t) => {
  const headers = {
    ...MANIFEST_HEADERS,
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '0;w=21600',
  };
  const world = await openQuirkWorld(t, () => ({ status: 200, headers, body: MANIFEST.bytes }));
  await world.source.getManifest(world.tag);
  assert.match(world.records[0]?.message ?? '', /quota at 127\.0\.0\.1:\d+ is used up/);
});

test('a private repository and none at all look the same, and the error says so', async (t) => {
  const world = await openQuirkWorld(t, () =>
    refusal(401, 'UNAUTHORIZED', 'authentication required'),
  );
  await assert.rejects(
    world.source.head(world.tag),
    /Asked without credentials \(none were found\)\. If the repository exists, name credentials under registries:/,
  );
});

test('a mount across origins that is not granted costs the mount alone', async (t) => {
  let url = '';
  const world = await openQuirkWorld(t, ({ path, headers, method }) => {
    if (path.startsWith('/token')) {
      return path.includes('base') ? refusal(403, 'DENIED') : json(200, { token: 'push' });
    }
    if (headers.authorization === undefined) {
      const challenge = `Bearer realm="${url}/token",service="registry.docker.io"`;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    return method === 'POST' ? { status: 201 } : { status: 500 };
  });
  ({ url } = world.server);
  const { describe, upload } = await import('../../../support/quirk-world.ts');
  const bytes = Buffer.from('layer');
  const from = { ...world.repository, repository: 'acme/base' };
  assert.equal(await upload(world, bytes, from), 'uploaded');
  assert.match(world.server.log.at(-1) ?? '', new RegExp(`\\?digest=${describe(bytes).digest}`));
});
