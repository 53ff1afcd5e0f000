import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf, MediaType, type Descriptor } from '../../../src/registry/manifest.ts';
import { atDigest } from '../../../src/registry/reference.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import {
  json,
  refusal,
  startScripted,
  type Script,
  type ScriptedAnswer,
  type ScriptedServer,
} from '../../support/scripted-server.ts';

const SUBJECT = digestOf(Buffer.from('subject'));
const PATH = `/v2/acme/app/referrers/${SUBJECT}`;

function descriptor(name: string): Descriptor {
  return {
    mediaType: MediaType.ociManifest,
    digest: digestOf(Buffer.from(name)),
    size: 5,
    artifactType: 'application/vnd.example',
  };
}

function page(manifests: readonly unknown[], link?: string): ScriptedAnswer {
  return json(
    200,
    { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests },
    { 'content-type': MediaType.ociIndex, ...(link === undefined ? {} : { link }) },
  );
}

async function list(
  t: TestContext,
  script: Script,
): Promise<{ readonly found: readonly Descriptor[] | undefined; readonly server: ScriptedServer }> {
  const server = await startScripted(t, script);
  const { source } = openRegistries(t, { [server.host]: {} });
  const repository = { registry: server.host, repository: 'acme/app' };
  return { found: await source.referrers(atDigest(repository, SUBJECT)), server };
}

test('all pages are read, each descriptor once', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map(descriptor);
  const { found, server } = await list(t, ({ path }) => {
    if (path === PATH) return page([a, b], `<${PATH}?last=2>; rel="next"`);
    if (path.endsWith('last=2')) return page([b, c], '<?last=3&n=2>; rel=next');
    return page([]);
  });
  assert.deepEqual(found, [a, b, c]);
  assert.deepEqual(server.log, [`GET ${PATH}`, `GET ${PATH}?last=2`, `GET ${PATH}?last=3&n=2`]);
});

test('nothing attached is an empty list', async (t) => {
  assert.deepEqual((await list(t, () => page([]))).found, []);
  assert.deepEqual((await list(t, () => json(200, { manifests: null }))).found, []);
});

test('a registry without the API is told from one with nothing attached', async (t) => {
  const storage = await startScripted(t, () => ({ status: 404 }));
  for (const answer of [
    refusal(404, 'NOT_FOUND'),
    { status: 405 },
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' },
    json(200, { repositories: [] }),
    { status: 307, headers: { location: `${storage.url}/x` } },
  ]) {
    assert.equal((await list(t, () => answer)).found, undefined);
  }
});

test('a failure is not "nothing attached"', async (t) => {
  for (const answer of [refusal(403, 'DENIED'), page([{ ...descriptor('a'), size: -1 }])]) {
    await assert.rejects(
      list(t, () => answer),
      (error) => {
        assert(error instanceof RegistryError);
        assert.equal(error.side, 'source');
        assert.match(error.message, /could not list what is attached to/);
        return true;
      },
    );
  }
  await assert.rejects(
    list(t, ({ path }) =>
      path === PATH ? page([], `<${PATH}?last=1>; rel="next"`) : refusal(404, 'NOT_FOUND'),
    ),
    RegistryError,
  );
});

test('what cannot be checked is passed over', async (t) => {
  const strange = { ...descriptor('a'), digest: `sha512:${'a'.repeat(128)}` };
  const { found } = await list(t, () => page([strange, descriptor('b')]));
  assert.deepEqual(found, [descriptor('b')]);
});

test('pages lead nowhere else, and have an end', async (t) => {
  const elsewhere = await startScripted(t, () => page([descriptor('evil')]));
  const leading = list(t, () => page([descriptor('a')], `<${elsewhere.url}/more>; rel="next"`));
  await assert.rejects(leading, /next page at another host/);
  assert.deepEqual(elsewhere.log, []);
  let pages = 0;
  await assert.rejects(
    list(t, () => page([], `<?page=${(pages += 1)}>; rel="next"`)),
    /more than 100 pages/,
  );
  let listed = 0;
  const next = '<?page=1>; rel="next"';
  const endless = list(t, () =>
    page(
      Array.from({ length: 4000 }, () => descriptor(`${(listed += 1)}`)),
      next,
    ),
  );
  await assert.rejects(endless, /lists more than 10000 manifests/);
  assert.equal(listed, 12_000);
});
