import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { EngineError, RegistryError } from '../../../../src/errors.ts';
import { createSocketEngine } from '../../../../src/orchestrator/engine/socket-engine.ts';
import type { Credential } from '../../../../src/registry/credentials.ts';
import { formatReference } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';
import { ScriptedEngine, type ScriptedAnswer } from '../../../fakes/engine-server.ts';

const image = imageNamed('atlan/app');
const reference = formatReference(image);
const id = `sha256:${'a'.repeat(64)}`;
const inspected = { Id: id, RepoDigests: [reference], Architecture: 'amd64', Size: 1, Config: {} };
const anonymous: Credential = { kind: 'anonymous', origin: 'test' };
const origin = 'test';

/** An engine that answers a pull so, and has the image afterwards if it `succeeds`. */
async function pulling(
  t: TestContext,
  answer: ScriptedAnswer,
  { succeeds = false, pullStallMs = 5_000 } = {},
): Promise<{
  readonly engine: ScriptedEngine;
  readonly pull: (c?: Credential) => Promise<string>;
}> {
  let pulled = false;
  const engine = await ScriptedEngine.start(({ method }) => {
    if (method === 'GET') return pulled ? { status: 200, body: inspected } : undefined;
    pulled = succeeds;
    return answer;
  });
  t.after(engine.stop);
  const client = createSocketEngine({ socketPath: engine.socketPath, pullStallMs });
  return { engine, pull: async (credential = anonymous) => client.pull(image, credential) };
}

const lines = (...said: readonly object[]): ScriptedAnswer => ({
  status: 200,
  body: said.map((line) => JSON.stringify(line)).join('\n'),
});

test('a pull asks for the digest, anonymously without a header', async (t) => {
  const { engine, pull } = await pulling(t, lines({ status: 'Pulling' }, { status: 'Done' }), {
    succeeds: true,
  });
  assert.equal(await pull(), id);
  const asked = engine.requests.find(({ method }) => method === 'POST');
  assert.equal(asked?.path, '/images/create');
  assert.equal(asked.query.get('fromImage'), `${image.registry}/${image.repository}`);
  assert.equal(asked.query.get('tag'), image.digest);
  assert.equal(asked.headers['x-registry-auth'], undefined);
});

test('a pull of what is there asks no registry', async (t) => {
  const { engine, pull } = await pulling(t, lines({}), { succeeds: true });
  await pull();
  engine.requests.length = 0;
  assert.equal(await pull(), id);
  assert.deepEqual(engine.asked, [`GET /images/${reference}/json`]);
});

test('credentials go in padded URL-safe base64', async (t) => {
  const { engine, pull } = await pulling(t, lines({}), { succeeds: false });
  const sent = async (credential: Credential): Promise<unknown> => {
    await assert.rejects(pull(credential));
    const header = engine.requests.findLast(({ method }) => method === 'POST')?.headers[
      'x-registry-auth'
    ];
    assert.ok(typeof header === 'string' && /^[\w-]+=*$/.test(header) && header.length % 4 === 0);
    return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  };
  const serveraddress = 'registry.example';
  const password = new Secret('ü?>~/+=');
  assert.deepEqual(await sent({ kind: 'basic', username: 'robot', password, origin }), {
    username: 'robot',
    password: 'ü?>~/+=',
    serveraddress,
  });
  assert.deepEqual(await sent({ kind: 'identity', identityToken: new Secret('i'), origin }), {
    identitytoken: 'i',
    serveraddress,
  });
  assert.deepEqual(await sent({ kind: 'registry-token', registryToken: new Secret('r'), origin }), {
    registrytoken: 'r',
    serveraddress,
  });
});

const refusals = [
  // As Docker 20.10 and Podman 4.3 put it, before and within the stream.
  [
    'REGISTRY_UNAUTHORIZED',
    {
      status: 500,
      body: {
        message:
          'Head "https://registry.example/v2/atlan/app/manifests/x": no basic auth credentials',
      },
    },
  ],
  [
    'REGISTRY_UNAUTHORIZED',
    {
      status: 404,
      body: {
        message:
          "pull access denied for atlan/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      },
    },
  ],
  [
    'REGISTRY_UNAUTHORIZED',
    lines({
      error:
        'initializing source docker://registry.example/atlan/app: unable to retrieve auth token: invalid username/password: unauthorized',
    }),
  ],
  [
    'REGISTRY_NOT_FOUND',
    {
      status: 404,
      body: { message: 'manifest for registry.example/atlan/app not found: manifest unknown' },
    },
  ],
  [
    'REGISTRY_NOT_FOUND',
    lines(
      { status: 'Trying to pull' },
      { error: 'reading manifest in registry.example/atlan/app: manifest unknown' },
    ),
  ],
  [
    'REGISTRY_RATE_LIMITED',
    {
      status: 500,
      body: {
        message:
          'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
      },
    },
  ],
  [
    'REGISTRY_RATE_LIMITED',
    lines({
      errorDetail: { message: 'received unexpected HTTP status: 429 Too Many Requests' },
      error: 'x',
    }),
  ],
  [
    'REGISTRY_UNAVAILABLE',
    {
      status: 500,
      body: {
        message:
          'Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
      },
    },
  ],
  [
    'REGISTRY_UNAVAILABLE',
    lines({
      error:
        'pinging container registry registry.example: Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
    }),
  ],
  ['REGISTRY_UNAVAILABLE', lines({ error: 'x509: certificate signed by unknown authority' })],
  ['REGISTRY_UNAVAILABLE', lines({ error: 'unexpected EOF' })],
] as const satisfies readonly (readonly [string, ScriptedAnswer])[];

for (const [code, answer] of refusals) {
  const said = JSON.stringify(answer.body).slice(0, 60);
  test(`${code} is what ${said}… means`, async (t) => {
    const { pull } = await pulling(t, answer);
    await assert.rejects(pull(), (error) => {
      assert.ok(error instanceof RegistryError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, /could not pull registry\.example\/atlan\/app@sha256:/);
      return true;
    });
  });
}

test('a full disk is the engine’s refusal, with what to do', async (t) => {
  const { pull } = await pulling(
    t,
    lines(
      { status: 'Extracting' },
      {
        errorDetail: {
          message: 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device',
        },
      },
    ),
  );
  await assert.rejects(pull(), (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, 'ENGINE_REFUSED');
    assert.match(error.message, /free some of it/);
    return true;
  });
});

test('an error after many good lines is an error still', async (t) => {
  const good = Array.from({ length: 500 }, (_, layer) => ({
    status: 'Downloading',
    id: `${layer}`,
  }));
  const { pull } = await pulling(t, lines(...good, { error: 'toomanyrequests' }), {
    succeeds: true,
  });
  await assert.rejects(pull(), /toomanyrequests/);
});

test('a pull without error and without image is no success', async (t) => {
  const { pull } = await pulling(t, lines({ status: 'Done' }));
  await assert.rejects(pull(), /told of no failure .* yet does not have it/);
});

test('a pull that stalls is given up, to be tried again', async (t) => {
  const stalled = { ...lines({ status: 'Downloading' }), hangs: true };
  const { pull } = await pulling(t, stalled, { pullStallMs: 40 });
  await assert.rejects(pull(), (error) => {
    assert.ok(error instanceof RegistryError, String(error));
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.ok(error.retryable);
    assert.match(error.message, /got nothing of .* for 0\.04 s/);
    return true;
  });
});

test('an engine that goes away during a pull is unreachable', async (t) => {
  const { pull } = await pulling(t, { ...lines({ status: 'Downloading' }), cuts: true });
  await assert.rejects(
    pull(),
    (error) => error instanceof EngineError && error.code === 'ENGINE_UNREACHABLE',
  );
});

test('whatever a line of the stream holds, the pull fails or goes on', async (t) => {
  for (const body of ['null', '5', '"x"', '[]', '{"status":null}', '{"error":null}', '{}\n\n']) {
    const { pull } = await pulling(t, { status: 200, body }, { succeeds: true });
    assert.equal(await pull(), id, body);
  }
  for (const body of ['{"error":5}', '{"errorDetail":{"code":1}}', '{"error":{"a":1}}', 'oh no']) {
    const { pull } = await pulling(t, { status: 200, body }, { succeeds: true });
    await assert.rejects(pull(), (error) => {
      assert.ok(error instanceof EngineError, String(error));
      assert.ok(error.message.includes(JSON.stringify(body)), error.message);
      return true;
    });
  }
});
