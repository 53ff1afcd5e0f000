import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { Secret } from '../../../src/secret.ts';
import { imageCopierContract, type CopierFixtureOptions } from '../../contracts/image-copier.ts';
import {
  startCopierFixture,
  type HttpCopierFixture,
  type HttpFixtureOptions,
} from '../../support/copier-fixture.ts';
import { buildArtifact, buildImage, buildIndex, push, tagOf } from '../../support/images.ts';

function start(
  options: CopierFixtureOptions & Partial<HttpFixtureOptions> = { referrersApi: true },
): Promise<HttpCopierFixture> {
  return startCopierFixture({
    createCopier: ({ source, target }) =>
      createRegistryCopier({ source, target, signatures: true, lookAgainAfter: [0] }),
    ...options,
  });
}

imageCopierContract('registry, over HTTP', start, { sharesBlobs: true, stopEvery: 3 });

test('a blob cut off in the middle goes on where it was cut', async (t) => {
  const fixture = await start();
  t.after(() => fixture[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'cut', layers: [400_000] });
  push(fixture.source('app'), image);
  let cuts = 0;
  fixture.sourceRegistry.intercept(async ({ path, headers }, next) => {
    const answer = await next();
    const isLarge = path.includes('/blobs/') && (answer.body?.length ?? 0) > 300_000;
    if (!isLarge || headers.range !== undefined) return answer;
    cuts += 1;
    return { ...answer, cutAfter: 100_000 };
  });
  await fixture.newCopier().copy(fixture.from('app', image.digest), fixture.to('app', '1.0'));
  assert.equal(cuts, 1);
  assert.equal(fixture.target('app').tags.get('1.0'), image.digest);
  const resumed = fixture.sourceRegistry.requests.filter(({ headers }) => headers['range']);
  assert.equal(resumed.length, 1);
});

test('both registries behind tokens: each gets its own, mounts included', async (t) => {
  const auth = { kind: 'bearer', users: { ann: 'let me in' } } as const;
  const fixture = await start({
    referrersApi: true,
    sourceOptions: { auth },
    targetOptions: { auth },
    settings: { username: 'ann', password: new Secret('let me in') },
  });
  t.after(() => fixture[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'tokens', layers: [100_000] });
  push(fixture.source('app'), image);
  const copier = fixture.newCopier();
  const from = fixture.from('app', image.digest);
  await copier.copy(from, fixture.to('one', '1.0'));
  const { blobs } = await copier.copy(from, fixture.to('two', '1.0'));
  assert.equal(blobs.mounted, 2);
});

test('a refused password is the failing side’s', async (t) => {
  const auth = { kind: 'basic', users: { ann: 'right' } } as const;
  const fixture = await start({ referrersApi: true, targetOptions: { auth } });
  t.after(() => fixture[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'refused' });
  push(fixture.source('app'), image);
  await assert.rejects(
    fixture.newCopier().copy(fixture.from('app', image.digest), fixture.to('app', '1.0')),
    (error) =>
      error instanceof RegistryError &&
      error.code === 'REGISTRY_UNAUTHORIZED' &&
      error.side === 'target',
  );
});

test('asks for nothing twice and for nothing it need not know', async (t) => {
  const fixture = await start();
  t.after(() => fixture[Symbol.asyncDispose]());
  const child = buildImage({ seed: 'requests', layers: [100_000, 100] });
  const children = [child, buildImage({ seed: 'more requests', layers: [100_000, 100] })];
  // Attached to its own child: a search that went in circles would ask again.
  const index = buildIndex({ children, subject: child.descriptor });
  push(fixture.source('app'), index);
  const copier = fixture.newCopier();
  await copier.copy(fixture.from('app', index.digest), fixture.to('app', '1.0'));
  for (const { requests } of [fixture.sourceRegistry, fixture.targetRegistry]) {
    const asked = requests.map(({ method, path }) => `${method} ${path}`);
    const once = asked.filter((request) => !/^(?:POST|PUT)/.test(request));
    assert.deepEqual(once, [...new Set(once)]);
  }
  const heads = fixture.targetRegistry.requests.filter(({ method }) => method === 'HEAD');
  // The index and its 2 children, their large layers, and the tag in the end.
  assert.equal(heads.length, 6);
});

test('what is there already costs a look, not a read', async (t) => {
  const fixture = await start();
  t.after(() => fixture[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'again' });
  const layers = [{ mediaType: 'text/plain', bytes: Buffer.from('a signature') }];
  push(fixture.source('app'), image);
  push(fixture.source('app'), buildArtifact({ layers }), tagOf(image.digest, '.sig'));
  const [from, to] = [fixture.from('app', image.digest), fixture.to('app', '1.0')];
  await fixture.newCopier().copy(from, to);
  fixture.targetRegistry.forget();
  await fixture.newCopier().copy(from, to);
  assert.deepEqual(
    fixture.targetRegistry.requests.map(({ method, path }) => `${method} ${path}`),
    [
      `HEAD /v2/app/manifests/${image.digest}`,
      `GET /v2/app/referrers/${image.digest}`,
      `HEAD /v2/app/manifests/${tagOf(image.digest, '.sig')}`,
      'HEAD /v2/app/manifests/1.0',
    ],
  );
});

test('a registry that says it indexed a subject, and lists nothing, gets the fallback list', async (t) => {
  const fixture = await start();
  t.after(() => fixture[Symbol.asyncDispose]());
  const image = buildImage({ seed: 'ecr' });
  const layers = [{ mediaType: 'text/plain', bytes: Buffer.from('a report') }];
  push(fixture.source('app'), image);
  push(fixture.source('app'), buildArtifact({ subject: image.descriptor, layers }));
  fixture.targetRegistry.intercept(({ path }) =>
    path.includes('/referrers/') ? { status: 404 } : undefined,
  );
  await fixture.newCopier().copy(fixture.from('app', image.digest), fixture.to('app', '1.0'));
  assert(fixture.target('app').tags.has(tagOf(image.digest)));
});
