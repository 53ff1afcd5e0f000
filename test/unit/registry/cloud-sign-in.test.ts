import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RegistryError } from '../../../src/errors.ts';
import type { Cloud } from '../../../src/registry/auth/cloud/clouds.ts';
import { NoIdentityError } from '../../../src/registry/auth/cloud/sign-in.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { setAmbience } from '../../support/ambient.ts';
import { startNamedHosts } from '../../support/named-hosts.ts';
import { MANIFEST, MANIFEST_HEADERS } from '../../support/quirk-world.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import {
  json,
  refusal,
  startScripted,
  type ScriptedAnswer,
} from '../../support/scripted-server.ts';

const HOUR = 3_600_000;
const FOUND: ScriptedAnswer = { status: 200, headers: MANIFEST_HEADERS, body: MANIFEST.bytes };

function challenge(value: string): ScriptedAnswer {
  return { ...refusal(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': value } };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A cloud that lets nobody in. */
function failing(error: Error): () => Cloud {
  return () => ({
    signIn: () => {
      throw error;
    },
  });
}

/** A cloud that gives numbered passwords. */
function numbered(lifetimeMs: number, now: () => number): Cloud & { readonly given: () => number } {
  let given = 0;
  return {
    given: () => given,
    signIn: async () => {
      given += 1;
      const password = new Secret(`p${given}`);
      return {
        credential: { kind: 'basic', username: 'AWS', password },
        expiresAt: now() + lifetimeMs,
        by: 'a test',
      };
    },
  };
}

test('a registry at Azure is signed in to by the identity of the workload, and nobody else hears of it', async (t) => {
  const registry = 'acme.azurecr.io';
  const identity = await startScripted(t, () =>
    json(200, {
      access_token: 'entra',
      resource: 'r',
      token_type: 'Bearer',
      expires_on: '4102444800',
    }),
  );
  const hosts = await startNamedHosts(t, [registry, 'evil.example'], ({ path, headers, body }) => {
    const form = new URLSearchParams(body.toString());
    if (path === '/oauth2/exchange') {
      return form.get('access_token') === 'entra' && form.get('service') === registry
        ? json(200, { refresh_token: 'refresh' })
        : json(401, {});
    }
    if (path === '/oauth2/token') {
      return form.get('refresh_token') === 'refresh'
        ? json(200, { access_token: 'a' })
        : json(401, {});
    }
    if (headers.authorization === 'Bearer a') return FOUND;
    return challenge(`Bearer realm="https://${registry}/oauth2/token",service="${registry}"`);
  });
  setAmbience(t, () => ({ IDENTITY_ENDPOINT: `${identity.url}/token`, IDENTITY_HEADER: 'h' }));
  const { source } = openRegistries(
    t,
    { [registry]: { plainHttp: false, ca: hosts.ca } },
    { env: { HTTPS_PROXY: hosts.proxy } },
  );
  const reference = atTag({ registry, repository: 'acme/app' }, '1');
  assert.equal((await source.head(reference))?.digest, MANIFEST.digest);
  assert.deepEqual(hosts.log, [
    `POST ${registry} /oauth2/exchange`,
    `HEAD ${registry} /v2/acme/app/manifests/1`,
    `POST ${registry} /oauth2/token`,
    `HEAD ${registry} /v2/acme/app/manifests/1`,
  ]);
});

test('a registry at Amazon is signed in to, and the repository it lacks is created there', async (t) => {
  const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const api = 'api.ecr.eu-west-1.amazonaws.com';
  let isThere = false;
  const hosts = await startNamedHosts(t, [registry, api], ({ headers, method }) => {
    if (headers.host === api) {
      if (String(headers['x-amz-target']).endsWith('CreateRepository')) isThere = true;
      const authorizationToken = Buffer.from('AWS:password').toString('base64');
      const expiresAt = Date.now() / 1000 + 12 * 3600;
      return json(200, { authorizationData: [{ authorizationToken, expiresAt }], repository: {} });
    }
    if (headers.authorization === undefined) return challenge(`Basic realm="https://${registry}/"`);
    if (headers.authorization !== basic('AWS', 'password')) return refusal(403, 'DENIED');
    if (method !== 'PUT') return refusal(404, 'MANIFEST_UNKNOWN');
    return isThere ? { status: 201 } : refusal(404, 'NAME_UNKNOWN');
  });
  setAmbience(t, () => ({ AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 's' }));
  const { target } = openRegistries(
    t,
    { [registry]: { plainHttp: false, ca: hosts.ca, createRepositories: true } },
    { env: { HTTPS_PROXY: hosts.proxy, AWS_CA_BUNDLE: hosts.caFile } },
  );
  await target.putManifest(atTag({ registry, repository: 'acme/app' }, '1'), MANIFEST);
  assert.deepEqual(hosts.log, [
    `POST ${api} /`,
    `PUT ${registry} /v2/acme/app/manifests/1`,
    `PUT ${registry} /v2/acme/app/manifests/1`,
    `POST ${api} /`,
    `PUT ${registry} /v2/acme/app/manifests/1`,
  ]);
});

test('a registry of a cloud that sends its users elsewhere for a token gets none', async (t) => {
  const registry = 'us-docker.pkg.dev';
  const identity = await startScripted(t, ({ path }) => {
    const flavor = { 'metadata-flavor': 'Google' };
    return path.includes('/token')
      ? json(200, { access_token: 'ya29', expires_in: 3599, token_type: 'Bearer' }, flavor)
      : { status: 200, headers: flavor };
  });
  const hosts = await startNamedHosts(t, [registry, 'evil.example'], ({ headers }) =>
    headers.host === registry
      ? challenge('Bearer realm="https://evil.example/token",service="x"')
      : json(200, { token: 'stolen' }),
  );
  setAmbience(t, () => ({ GCE_METADATA_HOST: identity.host, METADATA_SERVER_DETECTION: '' }));
  const { source } = openRegistries(
    t,
    {
      [registry]: { plainHttp: false, ca: hosts.ca },
      'evil.example': { ca: hosts.ca, plainHttp: false },
    },
    { env: { HTTPS_PROXY: hosts.proxy } },
  );
  await assert.rejects(source.head(atTag({ registry, repository: 'acme/app' }, '1')), {
    code: 'REGISTRY_REFUSED',
    message: /sends its users to https:\/\/evil\.example for a token; a cloud's credential goes/,
  });
  assert.deepEqual(hosts.wanted, [`${registry}:443`]);
});

test('a credential of a cloud is renewed in mid-run, before it expires', async (t) => {
  const seen: (string | undefined)[] = [];
  const server = await startScripted(t, ({ headers }) => {
    if (headers.authorization === undefined) return challenge('Basic realm="ecr"');
    seen.push(headers.authorization);
    return FOUND;
  });
  const cloud = numbered(12 * HOUR, () => registries.clock.now());
  const registries = openRegistries(t, { [server.host]: {} }, { clouds: () => cloud });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await registries.source.head(tag);
  registries.clock.advance(11 * HOUR);
  await registries.source.head(tag);
  registries.clock.advance(HOUR - 60_000);
  await registries.target.head(tag);
  assert.deepEqual(seen, [basic('AWS', 'p1'), basic('AWS', 'p1'), basic('AWS', 'p2')]);
});

test('a credential that stops working in mid-run is replaced by a new one, once', async (t) => {
  const revoked = new Set<string>();
  const server = await startScripted(t, ({ headers: { authorization } }) =>
    authorization === undefined || revoked.has(authorization)
      ? challenge('Basic realm="ecr"')
      : FOUND,
  );
  const cloud = numbered(12 * HOUR, () => registries.clock.now());
  const registries = openRegistries(t, { [server.host]: {} }, { clouds: () => cloud });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await registries.source.head(tag);
  revoked.add(basic('AWS', 'p1'));
  registries.clock.advance(HOUR);
  const heads = Array.from({ length: 5 }, async () => registries.source.head(tag));
  for (const head of await Promise.all(heads)) assert.equal(head?.digest, MANIFEST.digest);
  assert.equal(cloud.given(), 2);
  revoked.add(basic('AWS', 'p2'));
  await assert.rejects(registries.source.getManifest(tag), { code: 'REGISTRY_UNAUTHORIZED' });
  assert.equal(cloud.given(), 2, 'what is fresh and refused is not asked for again');
});

test('a token whose time is over by the registry’s clock is replaced', async (t) => {
  const expired = json(403, {
    errors: [
      {
        code: 'DENIED',
        message: 'Your authorization token has expired. Reauthenticate and try again.',
      },
    ],
  });
  let isOver = false;
  const server = await startScripted(t, ({ headers: { authorization } }) => {
    if (authorization === undefined) return challenge('Basic realm="ecr"');
    return isOver && authorization === basic('AWS', 'p1') ? expired : FOUND;
  });
  const cloud = numbered(12 * HOUR, () => registries.clock.now());
  const registries = openRegistries(t, { [server.host]: {} }, { clouds: () => cloud });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await registries.source.getManifest(tag);
  isOver = true;
  registries.clock.advance(HOUR);
  assert.notEqual(await registries.source.getManifest(tag), undefined);
  assert.equal(cloud.given(), 2);
});

test('another 403 is not asked about twice', async (t) => {
  const server = await startScripted(t, ({ headers: { authorization } }) =>
    authorization === undefined
      ? challenge('Basic realm="ecr"')
      : refusal(403, 'DENIED', 'no right'),
  );
  const cloud = numbered(12 * HOUR, () => registries.clock.now());
  const registries = openRegistries(t, { [server.host]: {} }, { clouds: () => cloud });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await assert.rejects(registries.source.getManifest(tag), { status: 403 });
  registries.clock.advance(HOUR);
  await assert.rejects(registries.source.getManifest(tag), { status: 403 });
  assert.equal(cloud.given(), 1);
});

test('a token service that no longer takes what expired gets what is new', async (t) => {
  const passwords = new Set([basic('AWS', 'p1')]);
  let tokens = 0;
  const server = await startScripted(t, ({ path, headers: { authorization = '', host } }) => {
    if (path.startsWith('/token')) {
      tokens += 1;
      return passwords.has(authorization) ? json(200, { token: `t${tokens}` }) : json(401, {});
    }
    return authorization === `Bearer t${tokens}`
      ? FOUND
      : challenge(`Bearer realm="http://${host}/token"`);
  });
  const cloud = numbered(12 * HOUR, () => registries.clock.now());
  const registries = openRegistries(t, { [server.host]: {} }, { clouds: () => cloud });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await registries.source.head(tag);
  passwords.clear();
  passwords.add(basic('AWS', 'p2'));
  registries.clock.advance(HOUR);
  assert.notEqual(await registries.source.head(tag), undefined);
  assert.equal(cloud.given(), 2);
});

test('the order: what was put down, then the cloud, then nobody', async (t) => {
  const used: string[] = [];
  const server = await startScripted(t, ({ headers: { authorization } }) => {
    if (authorization === undefined) return challenge('Basic realm="r"');
    used.push(authorization);
    return FOUND;
  });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  const cloud = numbered(HOUR, Date.now);
  const ask = async (
    settings: object,
    options: Parameters<typeof openRegistries>[2] = {},
  ): Promise<void> => {
    const open = openRegistries(
      t,
      { [server.host]: settings },
      { clouds: () => cloud, ...options },
    );
    await open.source.head(tag);
  };
  const auths = { [server.host]: { auth: Buffer.from('file:p').toString('base64') } };
  await ask({ username: 'ci', password: new Secret('p') });
  await ask(
    {},
    {
      credentialSources: {
        env: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) },
        homeDirectory: '/nowhere',
        readText: async () => undefined,
        runHelper: async () => undefined,
      },
    },
  );
  assert.equal(cloud.given(), 0);
  await ask({});
  assert.deepEqual(used, [basic('ci', 'p'), basic('file', 'p'), basic('AWS', 'p1')]);
  await assert.rejects(ask({ cloudIdentity: false }), /Asked without credentials/);
});

test('a workload without an identity is anybody, and the error says why', async (t) => {
  const server = await startScripted(t, () => challenge('Basic realm="r"'));
  const clouds = failing(new NoIdentityError('AWS gives this workload no identity'));
  const { source } = openRegistries(t, { [server.host]: {} }, { clouds });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await assert.rejects(source.getManifest(tag), {
    message:
      /Asked without credentials \(none were found, and AWS gives this workload no identity\)\./,
  });
});

test('an identity that is refused is an error of that request, with its side, and no secret', async (t) => {
  const server = await startScripted(t, () => FOUND);
  const clouds = failing(new RegistryError('REGISTRY_UNAUTHORIZED', 'signing in failed: no'));
  const { target } = openRegistries(t, { [server.host]: {} }, { clouds });
  const tag = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  await assert.rejects(target.head(tag), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.side, 'target');
    assert.match(error.message, /^could not ask for the manifest .*: signing in failed: no$/);
    assert.doesNotMatch(inspect(error, { depth: 10 }), /p1/);
    return true;
  });
  assert.equal(server.requests.length, 0);
});
