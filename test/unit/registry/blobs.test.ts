import assert from 'node:assert/strict';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf, type Descriptor } from '../../../src/registry/manifest.ts';
import type { Repository } from '../../../src/registry/reference.ts';
import { seededBytes } from '../../support/images.ts';
import { openRegistries, type OpenedRegistries } from '../../support/scripted-registries.ts';
import {
  refusal,
  startScripted,
  type Script,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../support/scripted-server.ts';

const CONTENT = seededBytes('blob', 300_000);
const BLOB = descriptorOf(CONTENT);
const PATH = `/v2/acme/app/blobs/${BLOB.digest}`;

function descriptorOf(content: Uint8Array): Descriptor {
  return {
    mediaType: 'application/octet-stream',
    digest: digestOf(content),
    size: content.byteLength,
  };
}

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
}

async function setUp(t: TestContext, script: Script, stallMs = 5000): Promise<World> {
  const server = await startScripted(t, script);
  const registries = openRegistries(t, { [server.host]: {} }, { stallMs });
  return { ...registries, server, repository: { registry: server.host, repository: 'acme/app' } };
}

/** The part that a Range header asks for, as a storage answers it. */
function part(range: string | undefined, content: Buffer = CONTENT): ScriptedAnswer {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) return { status: 200, body: content };
  return {
    status: 206,
    headers: { 'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}` },
    body: content.subarray(start),
  };
}

async function read({ source, repository }: World, blob: Descriptor = BLOB): Promise<Buffer> {
  return buffer(await source.openBlob(repository, blob));
}

function mismatch(found: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'DIGEST_MISMATCH');
    assert.equal(error.side, 'source');
    assert.match(error.message, found);
    return true;
  };
}

test('a blob comes out as it went in, in one request', async (t) => {
  const world = await setUp(t, () => ({ status: 200, body: CONTENT }));
  assert.deepEqual(await read(world), CONTENT);
  assert.deepEqual(world.server.log, [`GET ${PATH}`]);
  assert.equal(world.server.requests[0]?.headers['accept-encoding'], 'identity');
});

test('an empty blob is a blob', async (t) => {
  const world = await setUp(t, () => ({ status: 200, body: '' }));
  assert.equal((await read(world, descriptorOf(Buffer.alloc(0)))).byteLength, 0);
});

test('one wrong byte fails the stream, and its last bytes are kept back', async (t) => {
  for (const at of [0, 150_000, 299_999]) {
    const wrong = Buffer.from(CONTENT);
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    const world = await setUp(t, () => ({ status: 200, body: wrong }));
    const stream = await world.source.openBlob(world.repository, BLOB);
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.byteLength;
    });
    await assert.rejects(once(stream, 'end'), mismatch(/got sha256:/));
    assert(received < BLOB.size);
  }
});

test('a wrong size is found before reading where the answer says it', async (t) => {
  for (const size of [BLOB.size - 1, BLOB.size + 1]) {
    const world = await setUp(t, () => ({ status: 200, body: CONTENT }));
    await assert.rejects(
      world.source.openBlob(world.repository, { ...BLOB, size }),
      mismatch(/got 300000 bytes/),
    );
  }
});

test('a wrong size is found while reading where the answer does not say it', async (t) => {
  const chunked = { 'transfer-encoding': 'chunked' };
  for (const [size, found] of [
    [BLOB.size - 1, /got more bytes|got sha256/],
    [BLOB.size + 1, /got only 300000 bytes/],
    [100_000, /got more bytes|got sha256/],
  ] as const) {
    const world = await setUp(t, () => ({ status: 200, headers: chunked, body: CONTENT }));
    await assert.rejects(read(world, { ...BLOB, size }), mismatch(found));
  }
});

test('an encoded answer is not taken for the blob', async (t) => {
  const headers = { 'content-encoding': 'gzip' };
  const world = await setUp(t, () => ({ status: 200, headers, body: CONTENT }));
  await assert.rejects(read(world), mismatch(/content encoded as "gzip"/));
});

test('a cut connection goes on at the byte', async (t) => {
  let cuts = 0;
  const world = await setUp(t, ({ headers }) => {
    const answer = part(headers.range);
    cuts += 1;
    return cuts < 3 ? { ...answer, cutAfter: 100_000 } : answer;
  });
  assert.deepEqual(await read(world), CONTENT);
  const ranges = world.server.requests.map(({ headers }) => headers.range);
  assert.equal(ranges.length, 3);
  assert.equal(ranges[0], undefined);
  for (const range of ranges.slice(1)) assert.match(range ?? '', /^bytes=\d+-$/);
  assert.equal(world.records.filter(({ message }) => message.startsWith('resuming')).length, 2);
});

test('a connection cut before the first byte starts over', async (t) => {
  let cuts = 0;
  const world = await setUp(t, () => {
    cuts += 1;
    return { status: 200, body: CONTENT, ...(cuts === 1 ? { cutAfter: 0 } : {}) };
  });
  assert.deepEqual(await read(world), CONTENT);
  assert.equal(world.server.requests[1]?.headers.range, undefined);
});

test('a registry that ignores the range sends again what came already', async (t) => {
  let cuts = 0;
  const world = await setUp(t, () => {
    cuts += 1;
    return { status: 200, body: CONTENT, ...(cuts === 1 ? { cutAfter: 200_000 } : {}) };
  });
  assert.deepEqual(await read(world), CONTENT);
});

test('content that changed between two parts is found out', async (t) => {
  const other = seededBytes('other', CONTENT.byteLength);
  let cuts = 0;
  const world = await setUp(t, ({ headers }) => {
    cuts += 1;
    return cuts === 1 ? { ...part(undefined), cutAfter: 100_000 } : part(headers.range, other);
  });
  await assert.rejects(read(world), mismatch(/got sha256/));
});

test('another part than the one asked for is not used', async (t) => {
  for (const range of ['bytes 5-299999/300000', 'bytes 100000-400000/400001', 'nonsense', '']) {
    let cuts = 0;
    const world = await setUp(t, () => {
      cuts += 1;
      if (cuts === 1) return { ...part(undefined), cutAfter: 100_000 };
      return { status: 206, headers: { 'content-range': range }, body: CONTENT.subarray(100_000) };
    });
    await assert.rejects(read(world), mismatch(/another part|400001 bytes/));
  }
});

test('a registry that cuts again and again is given up on', async (t) => {
  const world = await setUp(t, ({ headers }) => ({ ...part(headers.range), cutAfter: 10 }));
  await assert.rejects(read(world), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.match(error.message, /could not read blob sha256:/);
    return true;
  });
  assert.equal(world.server.requests.length, 6);
  assert.equal(world.clock.sleeps.length, 5);
});

test('a blob that vanished between two parts is a failure', async (t) => {
  let cuts = 0;
  const world = await setUp(t, () => {
    cuts += 1;
    return cuts === 1 ? { ...part(undefined), cutAfter: 100_000 } : refusal(404, 'BLOB_UNKNOWN');
  });
  await assert.rejects(read(world), { code: 'REGISTRY_NOT_FOUND', registryCode: 'BLOB_UNKNOWN' });
});

test('a connection that falls silent is resumed like a cut one', async (t) => {
  let asked = 0;
  const half: ScriptedAnswer = { ...part(undefined), stallAfter: 100_000 };
  const world = await setUp(
    t,
    ({ headers }) => {
      asked += 1;
      return asked === 1 ? half : part(headers.range);
    },
    100,
  );
  assert.deepEqual(await read(world), CONTENT);
  assert(asked >= 2);
});

test('a missing blob fails before there is a stream', async (t) => {
  const world = await setUp(t, () => refusal(404, 'BLOB_UNKNOWN'));
  await assert.rejects(world.source.openBlob(world.repository, BLOB), {
    code: 'REGISTRY_NOT_FOUND',
    side: 'source',
  });
});

test('an abandoned stream ends with the reason', async (t) => {
  const world = await setUp(t, () => ({ ...part(undefined), stallAfter: 100_000 }));
  const controller = new AbortController();
  const reason = new Error('SIGTERM');
  const { signal } = controller;
  const stream = await world.source.openBlob(world.repository, BLOB, { signal });
  stream.once('data', () => controller.abort(reason));
  await assert.rejects(buffer(stream), (error) => error === reason);
  assert.equal(world.server.requests.length, 1);
});

test('a small blob is read whole, a large one is not even asked for', async (t) => {
  const world = await setUp(t, () => ({ status: 200, body: CONTENT }));
  const { source, repository, server } = world;
  const bytes = await source.getBlob(repository, BLOB, { maxBytes: BLOB.size });
  assert.deepEqual(Buffer.from(bytes), CONTENT);
  await assert.rejects(source.getBlob(repository, BLOB, { maxBytes: BLOB.size - 1 }), {
    code: 'REGISTRY_REFUSED',
  });
  assert.equal(server.requests.length, 1);
});

test('whether a blob is there', async (t) => {
  const storage = await startScripted(t, () => ({ status: 403 }));
  const answers: Readonly<Record<string, ScriptedAnswer>> = {
    present: { status: 200 },
    absent: { status: 404 },
    signed: { status: 307, headers: { location: `${storage.url}/blob` } },
    refused: refusal(403, 'DENIED'),
  };
  const { target, repository } = await setUp(
    t,
    ({ path }) => answers[path.split('/')[3] ?? ''] ?? { status: 500 },
  );
  const has = async (name: string): Promise<boolean> =>
    target.hasBlob({ ...repository, repository: `acme/${name}` }, BLOB.digest);
  assert.equal(await has('present'), true);
  assert.equal(await has('absent'), false);
  assert.equal(await has('signed'), false);
  await assert.rejects(has('refused'), { code: 'REGISTRY_UNAUTHORIZED', side: 'target' });
});

test('a reader that takes its time is no reason to ask again', async (t) => {
  for (const size of [400_000, 2_000_000]) {
    const content = seededBytes('slowly', size);
    const world = await setUp(t, () => ({ status: 200, body: content }), 400);
    const stream = await world.source.openBlob(world.repository, descriptorOf(content));
    let received = 0;
    for await (const chunk of stream) {
      const isFirst = received === 0;
      received += (chunk as Buffer).byteLength;
      if (isFirst) await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal(received, size);
    assert.equal(world.server.requests.length, 1);
  }
});

describe('a small blob', () => {
  const content = seededBytes('small', 10_000);
  const small = descriptorOf(content);

  for (const [name, answer, found] of [
    ['is larger than that', { body: CONTENT }, /got more bytes/],
    ['is a byte longer', { body: Buffer.concat([content, content.subarray(0, 1)]) }, /10001 bytes/],
    ['is a byte shorter', { body: content.subarray(1) }, /got 9999 bytes/],
    ['has other content', { body: seededBytes('other', 10_000) }, /got sha256:/],
    [
      'has no length and ends early',
      { headers: { 'transfer-encoding': 'chunked' }, body: content.subarray(1) },
      /only 9999 bytes/,
    ],
    [
      'is encoded',
      { headers: { 'content-encoding': 'gzip' }, body: content },
      /content encoded as "gzip"/,
    ],
  ] as const) {
    test(`that ${name} is refused, however it is read`, async (t) => {
      const world = await setUp(t, () => ({ status: 200, ...answer }));
      await assert.rejects(read(world, small), mismatch(found));
      await assert.rejects(
        world.source.getBlob(world.repository, small, { maxBytes: small.size }),
        mismatch(found),
      );
    });
  }

  test('is read again where it was cut, and told of as it came', async (t) => {
    let isFirst = true;
    const world = await setUp(t, () => {
      const cut = isFirst ? { cutAfter: 10 } : {};
      isFirst = false;
      return { status: 200, body: content, ...cut };
    });
    const received: number[] = [];
    const stream = await world.source.openBlob(world.repository, small, {
      onReceived: (bytes) => received.push(bytes),
    });
    assert.deepEqual(await buffer(stream), content);
    assert.deepEqual(received, [10_000]);
    assert.equal(isFirst, false);
  });
});
