import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { MediaType, digestOf } from '../../../src/registry/manifest.ts';
import type { HostSettings } from '../../../src/registry/hosts.ts';
import { atTag, type Repository } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { openRegistries, type OpenedRegistries } from '../../support/scripted-registries.ts';
import {
  json,
  refusal,
  startScripted,
  type Script,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../support/scripted-server.ts';

const BYTES = Buffer.from(JSON.stringify({ mediaType: MediaType.ociManifest, layers: [] }));
const FOUND: ScriptedAnswer = {
  status: 200,
  headers: { 'content-type': MediaType.ociManifest, 'docker-content-digest': digestOf(BYTES) },
  body: BYTES,
};
const USER: HostSettings = { username: 'ci', password: new Secret('hunter2') };

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
}

async function setUp(
  t: TestContext,
  settings: HostSettings,
  script: (server: ScriptedServer) => Script,
): Promise<World> {
  // The script needs to know the server's address, and the server its script.
  const { promise: ready, resolve } = Promise.withResolvers<Script>();
  const server = await startScripted(t, async (request) => (await ready)(request));
  resolve(script(server));
  const registries = openRegistries(t, { [server.host]: settings });
  return { ...registries, server, repository: { registry: server.host, repository: 'acme/app' } };
}

/** A registry with a token service of its own, that gives numbered tokens. */
function bearer(
  server: ScriptedServer,
  token: (count: number) => unknown = (count) => ({ token: `t${count}` }),
  accept: (authorization: string | undefined) => boolean = (value) =>
    value?.startsWith('Bearer') === true,
): Script {
  let tokens = 0;
  return ({ path, headers }) => {
    if (path.startsWith('/token')) {
      tokens += 1;
      return json(200, token(tokens));
    }
    if (accept(headers.authorization)) return FOUND;
    return {
      ...refusal(401, 'UNAUTHORIZED'),
      headers: {
        'www-authenticate': `Bearer realm="${server.url}/token",service="registry",scope="repository:acme/app:pull"`,
      },
    };
  };
}

test('a token is fetched once, then carried from the start', async (t) => {
  const world = await setUp(t, USER, bearer);
  await world.source.head(atTag(world.repository, '1'));
  await world.target.head(atTag(world.repository, '2'));
  assert.deepEqual(world.server.log, [
    'HEAD /v2/acme/app/manifests/1',
    'GET /token?service=registry&scope=repository%3Aacme%2Fapp%3Apull&account=ci',
    'HEAD /v2/acme/app/manifests/1',
    'HEAD /v2/acme/app/manifests/2',
  ]);
  const [first, token, second] = world.server.requests;
  assert.equal(first?.headers.authorization, undefined);
  assert.equal(
    token?.headers.authorization,
    `Basic ${Buffer.from('ci:hunter2').toString('base64')}`,
  );
  assert.equal(second?.headers.authorization, 'Bearer t1');
});

test('many requests at once cost one challenge and one token', async (t) => {
  const world = await setUp(t, USER, bearer);
  const heads = Array.from({ length: 20 }, async (_, index) =>
    world.source.head(atTag(world.repository, `${index}`)),
  );
  await Promise.all(heads);
  assert.equal(world.server.log.length, 22);
});

test('anonymous users get tokens too', async (t) => {
  const world = await setUp(t, {}, bearer);
  await world.source.head(atTag(world.repository, '1'));
  const token = world.server.requests[1];
  assert.equal(token?.path, '/token?service=registry&scope=repository%3Aacme%2Fapp%3Apull');
  assert.equal(token.headers.authorization, undefined);
});

test('writing asks for the right to push, and that token serves reading as well', async (t) => {
  const world = await setUp(t, USER, (server) => {
    const inner = bearer(server);
    return async (request) =>
      request.method === 'PUT' && request.headers.authorization !== undefined
        ? { status: 201 }
        : inner(request);
  });
  const manifest = { bytes: BYTES, mediaType: MediaType.ociManifest, digest: digestOf(BYTES) };
  await world.target.putManifest(atTag(world.repository, '1'), manifest);
  await world.target.head(atTag(world.repository, '1'));
  const tokens = world.server.log.filter((line) => line.includes('/token'));
  assert.deepEqual(tokens, [
    'GET /token?service=registry&scope=repository%3Aacme%2Fapp%3Apull%2Cpush&account=ci',
  ]);
});

test('an identity token is exchanged by POST, and never put into a URL', async (t) => {
  const world = await setUp(t, { identityToken: new Secret('refresh me') }, (server) =>
    bearer(server, () => ({ access_token: 'fresh' })),
  );
  await world.source.head(atTag(world.repository, '1'));
  const token = world.server.requests[1];
  assert.equal(token?.method, 'POST');
  assert.equal(token.path, '/token');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(token.body.toString())), {
    grant_type: 'refresh_token',
    client_id: 'sdr-mirror',
    refresh_token: 'refresh me',
    scope: 'repository:acme/app:pull',
    service: 'registry',
  });
  assert.equal(world.server.requests[2]?.headers.authorization, 'Bearer fresh');
});

test('a registry token is sent as it is, from the first request on', async (t) => {
  const world = await setUp(t, { registryToken: new Secret('given') }, bearer);
  await world.source.head(atTag(world.repository, '1'));
  assert.equal(world.server.requests.length, 1);
  assert.equal(world.server.requests[0]?.headers.authorization, 'Bearer given');
});

test('a token is renewed before it expires', async (t) => {
  const world = await setUp(t, USER, (server) =>
    bearer(server, (count) => ({ token: `t${count}`, expires_in: 300 })),
  );
  await world.source.head(atTag(world.repository, '1'));
  world.clock.advance(269_000);
  await world.source.head(atTag(world.repository, '2'));
  world.clock.advance(2000); // 271 s: still valid, but not for long
  await world.source.head(atTag(world.repository, '3'));
  const used = world.server.requests.map(({ headers }) => headers.authorization).slice(2);
  assert.deepEqual(
    used.filter((value) => value?.startsWith('Bearer') === true),
    ['Bearer t1', 'Bearer t1', 'Bearer t2'],
  );
});

test('a token that stops working in mid-run is replaced once, then believed to be refused', async (t) => {
  const refused = new Set<string>();
  const world = await setUp(t, USER, (server) =>
    bearer(
      server,
      (count) => ({ token: `t${count}` }),
      (value) => value?.startsWith('Bearer') === true && !refused.has(value),
    ),
  );
  await world.source.head(atTag(world.repository, '1'));
  refused.add('Bearer t1');
  await world.source.head(atTag(world.repository, '2'));
  refused.add('Bearer t2').add('Bearer t3');
  await assert.rejects(world.source.head(atTag(world.repository, '3')), {
    code: 'REGISTRY_UNAUTHORIZED',
  });
  assert.equal(world.server.log.filter((line) => line.includes('/token')).length, 3);
});

test('basic authentication is sent after one challenge, and not again when it is refused', async (t) => {
  const challenge = { 'www-authenticate': 'Basic realm="registry"' };
  const expected = `Basic ${Buffer.from('ci:hunter2').toString('base64')}`;
  const world = await setUp(
    t,
    USER,
    () =>
      ({ path, headers }) =>
        headers.authorization === expected && !path.endsWith('/secret')
          ? FOUND
          : { ...refusal(401, 'UNAUTHORIZED', 'authentication required'), headers: challenge },
  );
  await world.source.head(atTag(world.repository, '1'));
  await world.source.head(atTag(world.repository, '2'));
  assert.equal(world.server.requests.length, 3);
  await assert.rejects(world.source.getManifest(atTag(world.repository, 'secret')), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.equal(error.side, 'source');
    assert.equal(error.status, 401);
    assert.equal(error.registryCode, 'UNAUTHORIZED');
    assert.match(error.message, /answered 401 \(UNAUTHORIZED: authentication required\)/);
    assert.match(error.message, /Asked as user ci, from registries: in the configuration/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  assert.equal(world.server.requests.length, 4);
});

test('without credentials the error says where to put them', async (t) => {
  const world = await setUp(t, {}, () => () => ({
    ...refusal(401, 'UNAUTHORIZED'),
    headers: { 'www-authenticate': 'Basic realm="registry"' },
  }));
  await assert.rejects(world.target.getManifest(atTag(world.repository, '1')), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.side, 'target');
    assert.match(error.message, /without credentials.*registries:.*docker login 127\.0\.0\.1/);
    return true;
  });
  assert.equal(world.server.requests.length, 1);
});

test('what the token service says reaches the operator', async (t) => {
  for (const [answer, code, message] of [
    [
      json(401, { details: 'incorrect username or password' }),
      'REGISTRY_UNAUTHORIZED',
      /incorrect username/,
    ],
    [refusal(403, 'DENIED'), 'REGISTRY_UNAUTHORIZED', /token service http.*\/token answered 403/],
    [json(200, { nothing: 'here' }), 'REGISTRY_REFUSED', /token service/],
    [json(200, { token: 'a\r\nx-injected: 1' }), 'REGISTRY_REFUSED', /token service/],
    [{ status: 200, body: '<html>' }, 'REGISTRY_REFUSED', /token service/],
    [json(400, { error: 'invalid_grant' }), 'REGISTRY_REFUSED', /invalid_grant/],
  ] as const) {
    const world = await setUp(t, USER, (server) => {
      const inner = bearer(server);
      return async (request) => (request.path.startsWith('/token') ? answer : inner(request));
    });
    await assert.rejects(world.source.head(atTag(world.repository, '1')), (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.message, /could not ask for the manifest 127\.0\.0\.1:\d+\/acme\/app:1/);
      return true;
    });
  }
});

test('a token service that limits requests is waited for', async (t) => {
  let refusals = 0;
  const world = await setUp(t, USER, (server) => {
    const inner = bearer(server);
    return async (request) => {
      if (!request.path.startsWith('/token') || refusals > 0) return inner(request);
      refusals += 1;
      return { status: 429, headers: { 'retry-after': '7' } };
    };
  });
  await world.source.head(atTag(world.repository, '1'));
  assert.deepEqual(world.clock.sleeps, [7000]);
});

test('a failed token is asked for again by the next request', async (t) => {
  let broken = true;
  const world = await setUp(t, USER, (server) => {
    const inner = bearer(server);
    return async (request) =>
      request.path.startsWith('/token') && broken ? refusal(403, 'DENIED') : inner(request);
  });
  await assert.rejects(world.source.head(atTag(world.repository, '1')));
  broken = false;
  assert.notEqual(await world.source.head(atTag(world.repository, '1')), undefined);
});

test('credentials go to no realm that is plain http on another host', async (t) => {
  const world = await setUp(t, USER, () => () => ({
    ...refusal(401, 'UNAUTHORIZED'),
    headers: { 'www-authenticate': 'Bearer realm="http://tokens.example/token"' },
  }));
  await assert.rejects(world.source.head(atTag(world.repository, '1')), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_REFUSED');
    assert.match(error.message, /http:\/\/tokens\.example for a token, which is not https/);
    return true;
  });
});

test('credentials go to no realm inside the network', async (t) => {
  for (const realm of ['https://169.254.169.254/token', 'https://[::1]/token']) {
    const world = await setUp(t, USER, () => () => ({
      ...refusal(401, 'UNAUTHORIZED'),
      headers: { 'www-authenticate': `Bearer realm="${realm}"` },
    }));
    await assert.rejects(world.source.head(atTag(world.repository, '1')), {
      code: 'REGISTRY_REFUSED',
    });
  }
});

test('a realm that the operator named may be plain http', async (t) => {
  const tokens = await startScripted(t, () => json(200, { token: 'elsewhere' }));
  const named = tokens.host.replace('127.0.0.1', 'localhost');
  const server = await startScripted(t, ({ headers }) =>
    headers.authorization === 'Bearer elsewhere'
      ? FOUND
      : {
          ...refusal(401, 'UNAUTHORIZED'),
          headers: { 'www-authenticate': `Bearer realm="http://${named}/token"` },
        },
  );
  const repository = { registry: server.host, repository: 'acme/app' };
  const open = openRegistries(t, { [server.host]: USER, [named]: {} });
  assert.notEqual(await open.source.head(atTag(repository, '1')), undefined);
  const closed = openRegistries(t, { [server.host]: USER });
  await assert.rejects(closed.source.head(atTag(repository, '1')), { code: 'REGISTRY_REFUSED' });
  assert.equal(tokens.requests.length, 1);
});
