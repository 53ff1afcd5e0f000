import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '../../../../src/errors.ts';
import { rateLimitReason, usedUpQuota } from '../../../../src/registry/http/rate-limit.ts';
import { digestOf, MediaType } from '../../../../src/registry/manifest.ts';
import { atTag, type TagReference } from '../../../../src/registry/reference.ts';
import { openRegistries, type OpenedRegistries } from '../../../support/scripted-registries.ts';
import {
  json,
  refusal,
  startScripted,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../../support/scripted-server.ts';

const BYTES = Buffer.from(JSON.stringify({ mediaType: MediaType.ociManifest, layers: [] }));
const FOUND: ScriptedAnswer = {
  status: 200,
  headers: { 'content-type': MediaType.ociManifest, 'docker-content-digest': digestOf(BYTES) },
  body: BYTES,
};

interface World extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly reference: TagReference;
}

/** Gives these answers, one after the other, then serves. */
async function setUp(t: TestContext, ...answers: readonly ScriptedAnswer[]): Promise<World> {
  const left = [...answers];
  const server = await startScripted(t, () => left.shift() ?? FOUND);
  const registries = openRegistries(t, { [server.host]: {} });
  const reference = atTag({ registry: server.host, repository: 'acme/app' }, '1');
  return { ...registries, server, reference };
}

test('a rate limit is recognised in every shape', () => {
  const limited: readonly (readonly [number, string])[] = [
    [429, ''],
    [429, '{"errors":[]}'],
    [403, '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'],
    [400, '{"errors":[{"code":"toomanyrequests"}]}'],
    [403, '<html><title>Too Many Requests</title></html>'],
    [503, '<html>Rate limit exceeded</html>'],
  ];
  for (const [status, text] of limited) {
    assert.notEqual(rateLimitReason(status, Buffer.from(text)), undefined, `${status} ${text}`);
  }
  const other: readonly (readonly [number, string])[] = [
    [200, 'too many requests'],
    [401, '{"errors":[{"code":"TOOMANYREQUESTS"}]}'],
    [403, '{"errors":[{"code":"DENIED","message":"rate limit"}]}'],
    [404, ''],
    [500, 'rate limit'],
    [503, ''],
  ];
  for (const [status, text] of other) {
    assert.equal(rateLimitReason(status, Buffer.from(text)), undefined, `${status} ${text}`);
  }
});

test('every form of Retry-After is waited out in full', async (t) => {
  const start = Date.UTC(2026, 0, 1);
  for (const [value, wait] of [
    ['30', 30_000],
    [new Date(start + 45_000).toUTCString(), 45_000],
    [String(start / 1000 + 60), 60_000],
  ] as const) {
    const limited = { status: 429, headers: { 'retry-after': value } };
    const world = await setUp(t, limited, limited);
    await world.source.head(world.reference);
    // The moment of a date or a unix time does not move: the second refusal costs a guess at most.
    assert.equal(world.clock.sleeps[0], wait);
    assert.equal(world.server.requests.length, 3);
    assert.match(
      world.records[0]?.message ?? '',
      /pausing requests to 127\.0\.0\.1:\d+: it answered 429/,
    );
  }
});

test('one pause holds up everybody, on both sides', async (t) => {
  const world = await setUp(t, { status: 429, headers: { 'retry-after': '10' } });
  await world.source.head(world.reference);
  const { clock, server } = world;
  assert.equal(clock.sleeps.length, 1);
  await Promise.all([world.source.head(world.reference), world.target.head(world.reference)]);
  assert.equal(server.requests.length, 4);
});

test('a success in between makes the next guess short again', async (t) => {
  const world = await setUp(t, { status: 429 }, { status: 429 }, FOUND, { status: 429 });
  await world.source.head(world.reference);
  await world.source.head(world.reference);
  assert.deepEqual(world.clock.sleeps, [750, 1500, 750]);
});

test('a manifest that is refused for the rate is written later', async (t) => {
  const world = await setUp(
    t,
    { ...refusal(403, 'TOOMANYREQUESTS'), headers: { 'retry-after': '3' } },
    { status: 201 },
  );
  const manifest = { bytes: BYTES, mediaType: MediaType.ociManifest, digest: digestOf(BYTES) };
  await world.target.putManifest(world.reference, manifest);
  assert.deepEqual(world.clock.sleeps, [3000]);
  assert.deepEqual(world.server.requests[1]?.body, BYTES);
});

test('a pause too long for anybody is an error that names its end', async (t) => {
  const world = await setUp(t, { status: 429, headers: { 'retry-after': '21600' } });
  for (const side of ['source', 'target'] as const) {
    await assert.rejects(world[side].head(world.reference), (error) => {
      assert(error instanceof RegistryError);
      assert.equal(error.code, 'REGISTRY_RATE_LIMITED');
      assert.equal(error.retryable, true);
      assert.equal(error.side, side);
      assert.match(error.message, /asks to wait until 2026-01-01T06:00:00.000Z; run again after/);
      return true;
    });
  }
  assert.equal(world.server.requests.length, 1);
  assert.deepEqual(world.clock.sleeps, []);
});

test('a host that refuses for ever is given up on', async (t) => {
  const world = await setUp(t, ...Array.from({ length: 50 }, () => ({ status: 429 })));
  await assert.rejects(world.source.head(world.reference), { code: 'REGISTRY_RATE_LIMITED' });
  assert.equal(world.server.requests.length, 9);
});

test('what may pass is tried again, with growing waits; what does not is an error', async (t) => {
  for (const status of [500, 502, 503, 504]) {
    const world = await setUp(t, { status }, { status }, { status });
    await world.source.head(world.reference);
    assert.deepEqual(world.clock.sleeps, [375, 750, 1500]);
    const broken = await setUp(t, ...Array.from({ length: 9 }, () => ({ status })));
    await assert.rejects(broken.source.head(broken.reference), {
      code: 'REGISTRY_UNAVAILABLE',
      retryable: true,
      status,
    });
    assert.equal(broken.server.requests.length, 4);
  }
  const final = await setUp(t, { status: 501 });
  await assert.rejects(final.source.head(final.reference), { code: 'REGISTRY_UNAVAILABLE' });
  assert.equal(final.server.requests.length, 1);
});

test('a 503 that names its wait gets it', async (t) => {
  const world = await setUp(t, { status: 503, headers: { 'retry-after': '20' } });
  await world.source.head(world.reference);
  assert.deepEqual(world.clock.sleeps, [20_000]);
});

test('a registry that does not answer is tried again, then named with the reason', async (t) => {
  let cuts = 0;
  const server = await startScripted(t, () => {
    cuts += 1;
    return cuts <= 2 ? 'cut' : FOUND;
  });
  const { source, clock } = openRegistries(t, { [server.host]: {}, '127.0.0.1:1': {} });
  await source.head(atTag({ registry: server.host, repository: 'acme/app' }, '1'));
  assert.equal(clock.sleeps.length, 2);
  const nobody = atTag({ registry: '127.0.0.1:1', repository: 'acme/app' }, '1');
  await assert.rejects(source.head(nobody), (error) => {
    assert(error instanceof RegistryError);
    assert.equal(error.code, 'REGISTRY_UNAVAILABLE');
    assert.match(
      error.message,
      /127\.0\.0\.1:1\/acme\/app:1: 127\.0\.0\.1:1: nothing listens at that address; check .*\(ECONNREFUSED\)/,
    );
    return true;
  });
});

test('a quota that runs out is told from one that lasts', () => {
  const now = Date.UTC(2026, 0, 1);
  const used = (headers: Readonly<Record<string, string>>): unknown => usedUpQuota(headers, now);
  assert.equal(used({}), undefined);
  assert.equal(used({ 'ratelimit-remaining': '76;w=21600' }), undefined);
  assert.equal(used({ 'ratelimit-remaining': '10' }), undefined);
  assert.deepEqual(used({ 'ratelimit-remaining': '0;w=21600' }), { resetMs: undefined });
  assert.deepEqual(used({ 'ratelimit-remaining': '0', 'ratelimit-reset': '60' }), {
    resetMs: 60_000,
  });
  assert.deepEqual(
    used({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 5) }),
    { resetMs: 5000 },
  );
});

test('the last of a quota pauses the host until there is a new one', async (t) => {
  const last = {
    ...FOUND,
    headers: { ...FOUND.headers, 'ratelimit-remaining': '0', 'ratelimit-reset': '42' },
  };
  const world = await setUp(t, last);
  await world.source.getManifest(world.reference);
  assert.deepEqual(world.clock.sleeps, []);
  await world.source.getManifest(world.reference);
  assert.deepEqual(world.clock.sleeps, [42_000]);
});

test('the last of a quota without an end is probed by one request at a time', async (t) => {
  let atOnce = 0;
  let most = 0;
  const server = await startScripted(t, async ({ path }) => {
    atOnce += 1;
    if (path.endsWith('/0')) {
      atOnce -= 1;
      return { ...FOUND, headers: { ...FOUND.headers, 'ratelimit-remaining': '0;w=21600' } };
    }
    most = Math.max(most, atOnce);
    await new Promise(setImmediate);
    atOnce -= 1;
    return json(429, {}, { 'retry-after': '99999' });
  });
  const { source, records } = openRegistries(t, { [server.host]: {} });
  const at = (tag: number): TagReference =>
    atTag({ registry: server.host, repository: 'acme/app' }, `${tag}`);
  await source.getManifest(at(0));
  const asked = Array.from({ length: 10 }, async (_, index) => source.getManifest(at(index + 1)));
  await Promise.allSettled(asked);
  assert.equal(most, 1);
  assert.equal(server.requests.length, 2);
  assert.match(records[0]?.message ?? '', /quota at .* is used up: asking one by one/);
});
