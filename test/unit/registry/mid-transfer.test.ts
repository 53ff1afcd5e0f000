import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { Secret } from '../../../src/secret.ts';
import { seededBytes } from '../../support/images.ts';
import { describe, openQuirkWorld, upload, type QuirkWorld } from '../../support/quirk-world.ts';
import { json, refusal, type Script, type SeenRequest } from '../../support/scripted-server.ts';
import { scriptedUploads } from '../../support/scripted-uploads.ts';

const PIECE = 16 * 1024 * 1024;

/** Which requests come with the token of the day, and which with an old one. */
type Expires = (request: SeenRequest) => boolean;

/** A registry whose tokens end before a request for which `expires` says so. */
async function setUp(t: TestContext, script: Script, expires: Expires): Promise<QuirkWorld> {
  let tokens = 0;
  let expired = 0;
  const settings = { username: 'ci', password: new Secret('p') };
  return openQuirkWorld(
    t,
    async (request) => {
      const { path, headers } = request;
      if (path.startsWith('/token')) {
        tokens += 1;
        return json(200, { token: `t${tokens}`, expires_in: 3600 });
      }
      if (expires(request)) expired = tokens;
      const sent = Number(/^Bearer t(\d+)$/.exec(headers.authorization ?? '')?.[1] ?? 0);
      if (sent > expired) return script(request);
      const realm = `http://${headers.host}/token`;
      return {
        ...refusal(401, 'UNAUTHORIZED', 'token expired'),
        headers: { 'www-authenticate': `Bearer realm="${realm}"` },
      };
    },
    settings,
  );
}

/** Says yes to the first request that fits, once. */
function once(fits: Expires): Expires {
  let isDone = false;
  return (request) => {
    if (isDone || !fits(request)) return false;
    isDone = true;
    return true;
  };
}

function tokensOf({ server }: QuirkWorld): number {
  return server.log.filter((line) => line.startsWith('GET /token')).length;
}

test('a token that ends while a blob is sent is replaced, and the blob sent again', async (t) => {
  const uploads = scriptedUploads();
  const ends = once(({ method }) => method === 'PUT');
  const world = await setUp(t, uploads.script, ends);
  assert.equal(await upload(world, seededBytes('layer', 1_000_000)), 'uploaded');
  assert.equal(uploads.stored.size, 1);
  assert.equal(tokensOf(world), 2);
  assert.equal(world.server.log.filter((line) => line.startsWith('PUT')).length, 2);
});

test('a token that ends between pieces costs one piece, not all before it', async (t) => {
  const content = seededBytes('pieces', 2 * PIECE + 1000);
  const uploads = scriptedUploads({
    // Only pieces are taken.
    put: ({ body }) => (body.byteLength > 0 ? { status: 413 } : undefined),
  });
  const ends = once(({ headers }) => headers['content-range']?.startsWith(`${PIECE}-`) === true);
  const world = await setUp(t, uploads.script, ends);
  await upload(world, content);
  assert.equal(uploads.stored.size, 1);
  assert.equal(tokensOf(world), 2);
  const starts = world.server.requests
    .map(({ headers }) => headers['content-range']?.split('-')[0])
    .filter((start) => start !== undefined);
  assert.deepEqual(starts.map(Number), [0, PIECE, PIECE, 2 * PIECE]);
});

test('a token that ends before a session is closed is replaced at once', async (t) => {
  const uploads = scriptedUploads({
    put: ({ body }) => (body.byteLength > 0 ? { status: 413 } : undefined),
  });
  const ends = once(({ method, body }) => method === 'PUT' && body.byteLength === 0);
  const world = await setUp(t, uploads.script, ends);
  await upload(world, seededBytes('closed', PIECE + 1));
  assert.equal(uploads.stored.size, 1);
  assert.equal(world.server.log.filter((line) => line.startsWith('PATCH')).length, 2);
});

test('a token that is refused again and again ends the upload', async (t) => {
  const world = await setUp(t, scriptedUploads().script, ({ method }) => method === 'PUT');
  await assert.rejects(upload(world, seededBytes('refused', 1_000_000)), {
    code: 'REGISTRY_UNAUTHORIZED',
    message: /token expired.*Asked as user ci/,
  });
  assert(world.server.log.filter((line) => line.startsWith('PUT')).length <= 4);
});

test('a download that is cut after its token ended goes on at the byte', async (t) => {
  const content = seededBytes('download', 3_000_000);
  const ends = once(({ headers }) => headers.range !== undefined);
  const world = await setUp(
    t,
    ({ headers }) => {
      const [, from = '0'] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
      const start = Number(from);
      const range = `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`;
      return start === 0
        ? { status: 200, body: content, cutAfter: 1_500_000 }
        : { status: 206, headers: { 'content-range': range }, body: content.subarray(start) };
    },
    ends,
  );
  const stream = await world.source.openBlob(world.repository, describe(content));
  assert.deepEqual(await buffer(stream), Buffer.from(content));
  assert.equal(tokensOf(world), 2);
  const ranges = world.server.requests.filter(({ headers }) => headers.range !== undefined);
  assert.equal(ranges.length, 2);
  assert.equal(ranges[0]?.headers.range, ranges[1]?.headers.range);
});
