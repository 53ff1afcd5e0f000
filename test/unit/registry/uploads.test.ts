import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf, type Descriptor } from '../../../src/registry/manifest.ts';
import type { Repository } from '../../../src/registry/reference.ts';
import { seededBytes } from '../../support/images.ts';
import { openRegistries, type OpenedRegistries } from '../../support/scripted-registries.ts';
import {
  refusal,
  startScripted,
  type Script,
  type ScriptedServer,
} from '../../support/scripted-server.ts';
import { scriptedUploads, type UploadRules } from '../../support/scripted-uploads.ts';
import { waitFor } from '../../support/servers/server-process.ts';

const SMALL = seededBytes('small', 1000);
const LARGE = seededBytes('large', 200_000);
const UPLOADS = '/v2/acme/app/blobs/uploads/';

function describe(content: Uint8Array): Descriptor {
  return {
    mediaType: 'application/octet-stream',
    digest: digestOf(content),
    size: content.byteLength,
  };
}

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
  readonly stored: ReadonlyMap<string, Buffer>;
}

async function setUp(t: TestContext, rules: UploadRules = {}, script?: Script): Promise<World> {
  const uploads = scriptedUploads(rules);
  const server = await startScripted(t, script ?? uploads.script);
  const registries = openRegistries(t, { [server.host]: {} });
  const repository = { registry: server.host, repository: 'acme/app' };
  return { ...registries, server, repository, stored: uploads.stored };
}

function opener(content: Uint8Array): () => Promise<Readable> {
  return async () =>
    Readable.from(
      (function* () {
        for (let at = 0; at < content.byteLength; at += 50_000) {
          yield content.subarray(at, at + 50_000);
        }
      })(),
      { objectMode: false },
    );
}

async function put(
  { target, repository }: World,
  content: Uint8Array,
  mountFrom?: Repository,
): Promise<'mounted' | 'uploaded'> {
  const options = mountFrom === undefined ? {} : { mountFrom };
  return target.putBlob(repository, describe(content), opener(content), options);
}

function methods({ server }: World): readonly string[] {
  return server.requests.map(({ method }) => method);
}

test('a small blob goes in one request', async (t) => {
  const world = await setUp(t);
  assert.equal(await put(world, SMALL), 'uploaded');
  const { digest } = describe(SMALL);
  assert.deepEqual(world.server.log, [`POST ${UPLOADS}?digest=${digest}`]);
  assert.equal(world.server.requests[0]?.headers['content-type'], 'application/octet-stream');
  assert.deepEqual(world.stored.get(digest), SMALL);
});

test('an empty blob is a small blob', async (t) => {
  const world = await setUp(t);
  await put(world, Buffer.alloc(0));
  assert.equal(world.stored.size, 1);
});

test('a registry that opens a session instead is believed, and not asked again', async (t) => {
  const world = await setUp(t, { singlePost: () => 'session' });
  await put(world, SMALL);
  await put(world, seededBytes('another', 10));
  assert.deepEqual(methods(world), ['POST', 'PUT', 'POST', 'PUT']);
  assert.match(world.server.log[1] ?? '', /_state=1&digest=sha256:/);
  assert.doesNotMatch(world.server.log[2] ?? '', /digest=/);
  assert.equal(world.stored.size, 2);
});

test('where a session is needed anyway, it is opened while the content comes', async (t) => {
  const sessionOpened = Promise.withResolvers<void>();
  const world = await setUp(t, { singlePost: () => 'session' });
  await put(world, SMALL);
  const asked = world.server.requests.length;
  const content = seededBytes('slow', 1000);
  const written = world.target.putBlob(world.repository, describe(content), async () => {
    await sessionOpened.promise;
    return Readable.from([content]);
  });
  await waitFor('a session is opened', () => world.server.requests[asked], 2000).finally(() =>
    sessionOpened.resolve(),
  );
  await written;
  assert.deepEqual(methods(world).slice(asked), ['POST', 'PUT']);
  assert.deepEqual(world.stored.get(digestOf(content)), content);
});

test('a registry that refuses the single POST is asked in two', async (t) => {
  for (const status of [400, 404, 405, 415]) {
    const world = await setUp(t, { singlePost: () => refusal(status, 'UNSUPPORTED') });
    await put(world, SMALL);
    await put(world, seededBytes('another', 10));
    assert.deepEqual(methods(world), ['POST', 'POST', 'PUT', 'POST', 'PUT']);
  }
});

test('no right to push is no question of the form', async (t) => {
  const world = await setUp(t, { singlePost: () => refusal(403, 'DENIED') });
  await assert.rejects(put(world, SMALL), { code: 'REGISTRY_UNAUTHORIZED', side: 'target' });
  assert.equal(world.server.requests.length, 1);
});

test('a large blob goes in two requests, streamed, with its length', async (t) => {
  const world = await setUp(t);
  await put(world, LARGE);
  assert.deepEqual(methods(world), ['POST', 'PUT']);
  const request = world.server.requests[1];
  assert.equal(request?.headers['content-length'], '200000');
  assert.equal(request.headers['transfer-encoding'], undefined);
  assert.deepEqual(world.stored.get(describe(LARGE).digest), LARGE);
});

test('a session is opened only when the first bytes are there', async (t) => {
  const world = await setUp(t);
  const content = new Readable({ read: () => undefined });
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const putting = world.target.putBlob(world.repository, describe(LARGE), async () => {
    resolve();
    return content;
  });
  await opened;
  await new Promise(setImmediate);
  assert.deepEqual(world.server.log, []);
  content.push(LARGE);
  content.push(null);
  await putting;
  assert.equal(world.stored.size, 1);
});

test('a mount needs no content', async (t) => {
  const world = await setUp(t, { mount: () => ({ status: 201 }) });
  const from = { ...world.repository, repository: 'acme/base' };
  const { digest } = describe(LARGE);
  const result = await world.target.putBlob(
    world.repository,
    describe(LARGE),
    async () => assert.fail('the content was opened'),
    { mountFrom: from },
  );
  assert.equal(result, 'mounted');
  assert.deepEqual(world.server.log, [`POST ${UPLOADS}?mount=${digest}&from=acme%2Fbase`]);
});

test('a mount answered with a session goes on in it', async (t) => {
  for (const content of [SMALL, LARGE]) {
    const world = await setUp(t);
    const from = { ...world.repository, repository: 'acme/base' };
    assert.equal(await put(world, content, from), 'uploaded');
    assert.deepEqual(methods(world), ['POST', 'PUT']);
    assert.equal(world.stored.size, 1);
  }
});

test('a refused mount falls back to an upload', async (t) => {
  for (const status of [400, 401, 403, 404, 405]) {
    const world = await setUp(t, { mount: () => refusal(status, 'DENIED') });
    const from = { ...world.repository, repository: 'acme/base' };
    assert.equal(await put(world, SMALL, from), 'uploaded');
    assert.deepEqual(methods(world), ['POST', 'POST']);
  }
});

test('nothing is mounted from another registry', async (t) => {
  const world = await setUp(t);
  await put(world, SMALL, { registry: 'elsewhere.example', repository: 'acme/base' });
  assert.doesNotMatch(world.server.log.join('\n'), /mount/);
});

test('the Location is taken as it is', async (t) => {
  const cases: readonly ((server: string) => (id: string) => string)[] = [
    () => (id) => `/v2/acme/app/blobs/uploads/${id}`,
    () => (id) => `${id}?_state=a%2Fb%3D%3D&x=%7E~`,
    (server) => (id) => `${server}/v2/acme/app/blobs/uploads/${id}?_state=1`,
    () => (id) => `http://127.0.0.1/v2/acme/app/blobs/uploads/${id}?lacks=port`,
    () => (id) => `https://127.0.0.1/v2/acme/app/blobs/uploads/${id}?wrong=scheme`,
  ];
  const seen: string[] = [];
  for (const make of cases) {
    let url = '';
    const uploads = scriptedUploads({ location: (id) => make(url)(id) });
    const server = await startScripted(t, uploads.script);
    ({ url } = server);
    const { target } = openRegistries(t, { [server.host]: {} });
    const repository = { registry: server.host, repository: 'acme/app' };
    await target.putBlob(repository, describe(LARGE), opener(LARGE));
    assert.equal(uploads.stored.size, 1);
    seen.push((server.requests[1]?.path ?? '').replace(/sha256:.*/, '…'));
  }
  assert.deepEqual(seen, [
    `${UPLOADS}session-1?digest=…`,
    `${UPLOADS}session-1?_state=a%2Fb%3D%3D&x=%7E~&digest=…`,
    `${UPLOADS}session-1?_state=1&digest=…`,
    `${UPLOADS}session-1?lacks=port&digest=…`,
    `${UPLOADS}session-1?wrong=scheme&digest=…`,
  ]);
});

test('a Location at another host gets the bytes but no credentials, if that host is public', async (t) => {
  const storage = await startScripted(t, () => ({ status: 201 }));
  const named = storage.host.replace('127.0.0.1', 'localhost');
  const registry = await startScripted(t, () => ({
    status: 202,
    headers: { location: `http://${named}/put?sig=1` },
  }));
  const { Secret } = await import('../../../src/secret.ts');
  const settings = { registryToken: new Secret('precious') };
  const repository = { registry: registry.host, repository: 'acme/app' };
  const open = openRegistries(t, { [registry.host]: settings, [named]: {} });
  await open.target.putBlob(repository, describe(LARGE), opener(LARGE));
  assert.equal(storage.requests[0]?.headers.authorization, undefined);
  assert.equal(registry.requests[0]?.headers.authorization, 'Bearer precious');
  const guarded = openRegistries(t, { [registry.host]: settings });
  await assert.rejects(
    guarded.target.putBlob(repository, describe(LARGE), opener(LARGE)),
    (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, 'REGISTRY_REFUSED');
      assert.match(error.message, /not a public one.*registries:/);
      return true;
    },
  );
  assert.equal(storage.requests.length, 1);
});

test('no usable Location is an error, not a guess', async (t) => {
  for (const headers of [{}, { location: 'http://' }]) {
    const world = await setUp(t, {}, () => ({ status: 202, headers }));
    await assert.rejects(put(world, LARGE), /did not say where the upload goes on/);
  }
});

test('an upload cut before anything was kept starts over with a new session', async (t) => {
  let cuts = 0;
  const world = await setUp(t, {
    put: () => {
      cuts += 1;
      return cuts === 1 ? { keep: 0 } : undefined;
    },
  });
  await put(world, LARGE);
  assert.deepEqual(methods(world), ['POST', 'PUT', 'GET', 'POST', 'PUT']);
  assert.equal(world.stored.size, 1);
  assert.equal(world.clock.sleeps.length, 1);
});

test('an upload cut in the middle goes on at its offset', async (t) => {
  let cuts = 0;
  const world = await setUp(t, {
    put: () => {
      cuts += 1;
      return cuts === 1 ? { keep: 123_456 } : undefined;
    },
  });
  await put(world, LARGE);
  assert.deepEqual(methods(world), ['POST', 'PUT', 'GET', 'PATCH', 'PUT']);
  const patch = world.server.requests[3];
  assert.equal(patch?.headers['content-range'], '123456-199999');
  assert.equal(patch.headers['content-length'], String(200_000 - 123_456));
  assert.match(patch.path, /_state=2$/);
  assert.deepEqual(world.stored.get(describe(LARGE).digest), LARGE);
});

test('an upload cut again while it is resumed goes on from there', async (t) => {
  let cuts = 0;
  const world = await setUp(t, {
    put: (_request, held) => (held === 0 ? { keep: 50_000 } : undefined),
    patch: () => {
      cuts += 1;
      return cuts === 1 ? { keep: 50_000 } : undefined;
    },
  });
  await put(world, LARGE);
  assert.deepEqual(methods(world), ['POST', 'PUT', 'GET', 'PATCH', 'GET', 'PATCH', 'PUT']);
  assert.equal(world.stored.size, 1);
});

test('a session that does not hold what it says is left', async (t) => {
  let cuts = 0;
  const world = await setUp(t, {
    put: () => {
      cuts += 1;
      return cuts === 1 ? { keep: 100_000 } : undefined;
    },
    status: () => ({ status: 204, headers: { range: '0-49999' } }),
  });
  await put(world, LARGE);
  assert.deepEqual(methods(world), ['POST', 'PUT', 'GET', 'PATCH', 'POST', 'PUT']);
  assert.equal(world.stored.size, 1);
});

test('a registry that does not tell what a session holds gets all of it again', async (t) => {
  for (const status of [
    { status: 404 },
    { status: 405 },
    { status: 204 },
    { status: 204, headers: { range: 'bytes=5-9' } },
    { status: 204, headers: { range: '0-200000' } },
  ]) {
    let cuts = 0;
    const world = await setUp(t, {
      put: () => {
        cuts += 1;
        return cuts === 1 ? { keep: 100_000 } : undefined;
      },
      status: () => status,
    });
    await put(world, LARGE);
    assert.deepEqual(methods(world), ['POST', 'PUT', 'GET', 'POST', 'PUT']);
  }
});

test('a session that the registry forgot is opened anew', async (t) => {
  for (const content of [SMALL, LARGE]) {
    let forgotten = 0;
    const world = await setUp(t, {
      singlePost: () => 'session',
      put: () => {
        forgotten += 1;
        return forgotten === 1 ? refusal(404, 'BLOB_UPLOAD_UNKNOWN') : undefined;
      },
    });
    await put(world, content);
    assert.equal(world.stored.size, 1);
  }
});

test('attempts have an end', async (t) => {
  const world = await setUp(t, { put: () => refusal(503, 'UNAVAILABLE') });
  await assert.rejects(put(world, LARGE), { code: 'REGISTRY_UNAVAILABLE', side: 'target' });
  assert.equal(methods(world).filter((method) => method === 'PUT').length, 4);
});

test('a final refusal is not repeated', async (t) => {
  const world = await setUp(t, { put: () => refusal(400, 'DIGEST_INVALID') });
  await assert.rejects(put(world, LARGE), {
    code: 'REGISTRY_REFUSED',
    registryCode: 'DIGEST_INVALID',
  });
  assert.deepEqual(methods(world), ['POST', 'PUT']);
});

test("the source's own failure is the one reported, once, and nothing is finished", async (t) => {
  for (const code of ['DIGEST_MISMATCH', 'REGISTRY_UNAVAILABLE'] as const) {
    const failure = new RegistryError(code, 'the source failed', { side: 'source' });
    for (const at of [0, 100_000]) {
      const world = await setUp(t);
      let opened = 0;
      const broken = async (): Promise<Readable> => {
        opened += 1;
        return Readable.from(
          (async function* () {
            if (at > 0) yield LARGE.subarray(0, at);
            // Let what was yielded get under way.
            await new Promise(setImmediate);
            throw failure;
          })(),
          { objectMode: false },
        );
      };
      await assert.rejects(
        world.target.putBlob(world.repository, describe(LARGE), broken),
        (error) => error === failure,
      );
      assert.equal(opened, 1);
      assert.equal(world.stored.size, 0);
      assert.equal(methods(world).filter((method) => method === 'PUT').length, 0);
    }
  }
});

test('a small blob whose content failed before it was read fails with that', async (t) => {
  const world = await setUp(t);
  const failed = new Error('the disk is gone');
  for (const [error, expected] of [
    [failed, failed],
    [undefined, /closed before it was read/],
  ] as const) {
    const opened = async (): Promise<Readable> => {
      const stream = new Readable({ read: () => undefined });
      stream.on('error', () => undefined);
      stream.destroy(error);
      await new Promise((resolve) => stream.on('close', resolve));
      return stream;
    };
    await assert.rejects(world.target.putBlob(world.repository, describe(SMALL), opened), expected);
  }
  assert.equal(world.stored.size, 0);
});

test('a small blob whose content is not what it should be is never sent', async (t) => {
  const world = await setUp(t);
  for (const content of [SMALL.subarray(1), Buffer.concat([SMALL, SMALL]), Buffer.alloc(1000)]) {
    await assert.rejects(world.target.putBlob(world.repository, describe(SMALL), opener(content)), {
      code: 'DIGEST_MISMATCH',
    });
  }
  assert.deepEqual(world.server.log, []);
});

test('an abandoned upload rejects with the reason', async (t) => {
  const controller = new AbortController();
  const reason = new Error('SIGTERM');
  const world = await setUp(t);
  const content = new Readable({ read: () => undefined });
  content.push(LARGE.subarray(0, 1000));
  const { signal } = controller;
  const putting = world.target.putBlob(world.repository, describe(LARGE), async () => content, {
    signal,
  });
  while (world.server.requests.length === 0) await new Promise(setImmediate);
  controller.abort(reason);
  await assert.rejects(putting, (error) => error === reason);
});
