import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { silentLogger } from '../../../src/log.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import { run, type RunResult, type RunSettings } from '../../../src/mirror/run.ts';
import { createRegistries } from '../../../src/registry/client.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { buildMultiArch, push } from '../../support/images.ts';
import type { AuthOptions } from '../../support/registry/auth.ts';
import { startRegistry, type TestRegistry } from '../../support/registry/server.ts';

const NAMES = ['one', 'two', 'three', 'four'];
const USERS = { ci: 'password' };

interface Pair {
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  readonly store: MemoryMapStore;
  /** A run as a new process has it: nothing is remembered. */
  readonly run: () => Promise<RunResult>;
}

/** Two registries that speak HTTP, with images that are signed and announced. */
async function startPair(
  t: TestContext,
  { auth, entries = 'tag' }: { auth?: AuthOptions; entries?: RunSettings['entries'] } = {},
): Promise<Pair> {
  const source = await startRegistry(auth === undefined ? {} : { auth });
  t.after(() => source.close());
  const target = await startRegistry(auth === undefined ? {} : { auth });
  t.after(() => target.close());
  const releases = new FakeReleaseSource();
  const verifier = new FakeSignatureVerifier();
  const store = new MemoryMapStore('# by hand\n');
  for (const name of NAMES) {
    const image = buildMultiArch(name, { layers: [100] });
    push(source.store.repository(`atlanhq/${name}`), image, '1.0');
    verifier.accept(image.digest);
  }
  releases.announce(NAMES.map((name) => ({ image: `${source.host}/atlanhq/${name}:1.0` })));

  return {
    source,
    target,
    store,
    run: async () => {
      const settings = { plainHttp: true, username: 'ci', password: new Secret(USERS.ci) };
      const registries = createRegistries({
        hosts: { [source.host]: settings, [target.host]: settings },
        env: {},
      });
      try {
        return await run(
          {
            releases,
            verifier,
            store,
            source: registries.source,
            target: registries.target,
            copier: createRegistryCopier({ ...registries, signatures: true }),
            logger: silentLogger,
            now: () => Date.now(),
          },
          {
            sourceRegistry: source.host,
            isAllowedSource: () => true,
            naming: targetNaming({ image: `${target.host}/mirrored/{name}:{tag}`, overrides: [] }),
            existingTarget: 'refuse',
            existingEntry: 'keep',
            entries,
            until: 'publish',
            verify: { mode: 'enforce', graceSeconds: 0 },
            concurrency: 4,
            publishIntervalMs: 1000,
          },
        );
      } finally {
        registries.close();
      }
    },
  };
}

/** Requests that were granted, without the asking for tokens. */
function granted(registry: TestRegistry): readonly string[] {
  return registry.requests
    .filter(({ status, path }) => status !== 401 && !path.startsWith('/token') && path !== '/v2/')
    .map(({ method, path }) => `${method} ${path}`)
    .toSorted();
}

const OF_THE_SECOND_RUN = {
  source: NAMES.map((name) => `HEAD /v2/atlanhq/${name}/manifests/1.0`).toSorted(),
  target: NAMES.map((name) => `HEAD /v2/mirrored/${name}/manifests/1.0`).toSorted(),
};

describe('promise 5: a run with nothing to do', () => {
  const ways = {
    'open registries': {},
    'a password': { auth: { kind: 'basic', users: USERS } },
    tokens: { auth: { kind: 'bearer', users: USERS } },
    'one entry a repository': { entries: 'repository' },
  } as const;
  for (const [name, options] of Object.entries(ways)) {
    test(`costs two HEADs an image, moves no blob and writes nothing: ${name}`, async (t) => {
      const { source, target, store, run: again } = await startPair(t, options);
      const first = await again();
      assert.equal(first.report.totals.mirrored, NAMES.length, JSON.stringify(first.report.images));
      const { text, writes, reads } = store;
      source.forget();
      target.forget();

      const { report, errors } = await again();

      assert.deepEqual(errors, []);
      assert.equal(report.totals.unchanged, NAMES.length);
      assert.deepEqual({ source: granted(source), target: granted(target) }, OF_THE_SECOND_RUN);
      assert.deepEqual(
        { text: store.text, writes: store.writes, reads: store.reads - reads },
        { text, writes, reads: 1 },
      );
      assert.equal(report.totals.bytes, 0);
      assert.equal(report.totals.requests, source.requests.length + target.requests.length);
      assert.equal(report.map.changed, false);
    });
  }

  test('costs no more once the vendor has withdrawn everything', async (t) => {
    const { source, target, store, run: again } = await startPair(t);
    await again();
    for (const name of NAMES) source.store.repository(`atlanhq/${name}`).tags.clear();
    source.forget();
    target.forget();
    const { writes } = store;
    const { report } = await again();
    assert.equal(report.totals.unchanged, NAMES.length);
    assert.deepEqual({ source: granted(source), target: granted(target) }, OF_THE_SECOND_RUN);
    assert.equal(store.writes, writes);
  });

  test('moves no blob of an image whose entry alone is missing', async (t) => {
    const { source, target, store, run: again } = await startPair(t);
    await again();
    store.editByHand('# somebody began anew\n');
    source.forget();
    target.forget();
    const { report } = await again();
    assert.equal(report.totals.recorded, NAMES.length);
    for (const registry of [source, target]) {
      assert.deepEqual(
        granted(registry).filter(
          (request) => !/^(?:HEAD|GET) .*\/(?:manifests|referrers)\//.test(request),
        ),
        [],
      );
    }
  });
});
