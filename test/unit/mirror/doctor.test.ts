import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MapStoreError, RegistryError } from '../../../src/errors.ts';
import { examine, type DoctorParts, type Finding } from '../../../src/mirror/doctor.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import type { Cloud } from '../../../src/registry/auth/cloud/clouds.ts';
import type { ClockOffset } from '../../../src/registry/http/server-clocks.ts';
import { NoIdentityError } from '../../../src/registry/auth/cloud/sign-in.ts';
import { atTag } from '../../../src/registry/reference.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { buildImage, push } from '../../support/images.ts';
import { openRegistries } from '../../support/scripted-registries.ts';
import { refusal, startScripted } from '../../support/scripted-server.ts';

const RELEASE = { image: 'source.example/acme/app:1', appName: 'app', version: '1', raw: {} };
const MINUTES = 60_000;

function parts(
  changes: Partial<DoctorParts> = {},
  dependencies: Partial<DoctorParts['dependencies']> = {},
): DoctorParts {
  const scratch = Object.assign(new MemoryMapStore(), { remove: async () => undefined });
  const registry = new MemoryRegistry();
  return {
    dependencies: {
      releases: new FakeReleaseSource().announce([RELEASE]),
      source: registry,
      target: registry,
      store: Object.assign(new MemoryMapStore(), { scratch: () => scratch }),
      ...dependencies,
    },
    settings: {
      sourceRegistry: 'source.example',
      isAllowedSource: () => true,
      naming: targetNaming({ image: 'target.example/{repository}:{tag}', overrides: [] }),
      entries: 'tag',
      verify: { mode: 'enforce', graceSeconds: 0 },
    },
    credentialOrigin: async () => ({ isAnonymous: true, words: 'nobody' }),
    checkPush: async () => undefined,
    trustRoot: { location: 'fake root', load: async () => Promise.reject(new Error('not asked')) },
    signers: ['Accepted signers: the vendor'],
    checkEngine: async () => 'fake',
    places: [],
    clockOffsets: () => [],
    ...changes,
  };
}

async function look(given: DoctorParts, named: RegExp): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of examine(given)) findings.push(finding);
  return findings.filter(({ check }) => named.test(check));
}

const CLOCKS: readonly (readonly [
  says: string,
  offsets: readonly ClockOffset[],
  outcome: string,
  detail: RegExp,
])[] = [
  ['nobody says what time it is', [], 'skipped', /no registry said/],
  ['it is right', [{ host: 'a', aheadMs: 700 }], 'ok', /as that of a/],
  ['it is ahead', [{ host: 'a', aheadMs: 7 * MINUTES }], 'failed', /7 m 00 s ahead of that of a/],
  ['it is behind', [{ host: 'a', aheadMs: -90_000 }], 'failed', /1 m 30 s behind that of a\. Sync/],
  [
    'one of the servers is wrong',
    [
      { host: 'a', aheadMs: 7 * MINUTES },
      { host: 'b', aheadMs: 900 },
    ],
    'ok',
    /as that of b/,
  ],
];

for (const [title, offsets, outcome, detail] of CLOCKS) {
  test(`the clock: ${title}`, async () => {
    const [finding] = await look(parts({ clockOffsets: () => offsets }), /clock/);
    assert.equal(finding?.outcome, outcome);
    assert.match(finding.detail, detail);
  });
}

test('the time of servers comes from their answers, those of caches left out', async (t) => {
  let date = '';
  let headers: Readonly<Record<string, string>> = {};
  const server = await startScripted(t, () => ({ ...refusal(404, 'MANIFEST_UNKNOWN'), headers }));
  const registries = openRegistries(t, { [server.host]: {} });
  const ask = async (ahead: number, more: Readonly<Record<string, string>> = {}) => {
    date = new Date(registries.clock.now() - ahead).toUTCString();
    headers = { date, ...more };
    await registries.source.head(atTag({ registry: server.host, repository: 'acme/app' }, '1'));
    return registries.clockOffsets().map(({ aheadMs }) => Math.round(aheadMs / 1000));
  };
  assert.deepEqual(await ask(600_000, { age: '600' }), []);
  assert.deepEqual(await ask(300_000), [300]);
  assert.deepEqual(await ask(299_000), [299], 'the closest counts');
  assert.deepEqual(await ask(400_000), [299]);
});

/** Amazon's registry: it knows no repository that was not created. */
async function ecr(t: TestContext, settings: { readonly createRepositories?: boolean }) {
  const created: string[] = [];
  const seen: string[] = [];
  const server = await startScripted(t, ({ method, path }) => {
    seen.push(method);
    if (created.length === 0) return refusal(404, 'NAME_UNKNOWN', 'no repository acme/app');
    if (method === 'POST') return { status: 202, headers: { location: `${path}1` } };
    return method === 'DELETE' ? { status: 204 } : refusal(404, 'MANIFEST_UNKNOWN');
  });
  const cloud: Cloud = {
    signIn: () => {
      throw new NoIdentityError('nobody');
    },
    createRepository: async (name) => {
      created.push(name);
      return true;
    },
  };
  const registries = openRegistries(t, { [server.host]: settings }, { clouds: () => cloud });
  const given = parts(
    { checkPush: async (repository, options) => registries.checkPush(repository, options) },
    { target: registries.target },
  );
  const image = `${server.host}/acme/app:{tag}`;
  const naming = targetNaming({ image, overrides: [] });
  const [finding] = await look({ ...given, settings: { ...given.settings, naming } }, /push to/);
  return { finding, created, seen, records: registries.records };
}

test('a repository that ECR lacks is created where that is wanted, and not otherwise', async (t) => {
  const told = await ecr(t, { createRepositories: true });
  assert.equal(told.finding?.outcome, 'ok', told.finding?.detail);
  assert.deepEqual(told.created, ['acme/app']);
  // One look, one upload that is turned away, one that is begun, and its end.
  assert.deepEqual(told.seen, ['HEAD', 'POST', 'POST', 'DELETE']);
  assert.match(told.records.map(({ message }) => message).join(), /created the repository acme/);

  const untold = await ecr(t, {});
  assert.equal(untold.finding?.outcome, 'failed');
  assert.match(untold.finding.detail, /create it there/);
  assert.deepEqual(untold.created, []);
});

/** Images at the source, some of which are not there, and what is asked of it. */
async function askedOfSource(isAnonymous: boolean) {
  const source = new MemoryRegistry();
  push(source.repository('source.example/acme/b'), buildImage({ seed: 'b' }), '1');
  const releases = ['a:1', 'a:2', 'b:1', 'c:1'].map((name) => ({ image: `acme/${name}` }));
  const given = parts(
    { credentialOrigin: async () => ({ isAnonymous, words: 'somebody' }) },
    { source, releases: new FakeReleaseSource().announce(releases) },
  );
  const [finding] = await look(given, /^pull from source/);
  return { asked: source.calls.map(({ target }) => target), detail: finding?.detail };
}

test('nobody is tried with an image that is there, a credential with every repository', async () => {
  assert.deepEqual(await askedOfSource(true), {
    asked: ['source.example/acme/a:1', 'source.example/acme/b:1'],
    detail: 'by somebody, though it lacks acme/a:1',
  });
  assert.deepEqual(await askedOfSource(false), {
    asked: ['a', 'b', 'c'].map((name) => `source.example/acme/${name}:1`),
    detail: 'by somebody, though it lacks acme/a:1, acme/c:1',
  });
});

test('without the releases registries are tried with what the map has of earlier runs', async () => {
  const store = Object.assign(new MemoryMapStore(), {
    scratch: () => Object.assign(new MemoryMapStore(), { remove: async () => undefined }),
  });
  await store.write(
    'images:\n  source.example/acme/app:1: target.example/acme/app:1\n  other/app:2: elsewhere.example/app:2\n',
    undefined,
  );
  const releases = new FakeReleaseSource().fail('away');
  const findings = await look(parts({}, { releases, store }), /releases|instead|pull|push/);
  assert.deepEqual(
    findings.map(({ check, outcome }) => `${check}: ${outcome}`),
    [
      'read the releases from fake releases: failed',
      'find images in the map instead: ok',
      'pull from source.example: ok',
      'pull from and push to target.example/acme/app: ok',
    ],
  );
});

test('a map that cannot be read is told of once', async () => {
  const scratch = Object.assign(new MemoryMapStore(), { remove: async () => undefined });
  const store = Object.assign(new MemoryMapStore(), { scratch: () => scratch });
  await store.write('images: [', undefined);
  const releases = new FakeReleaseSource().fail('away');
  const findings = await look(parts({}, { releases, store }), /map/);
  assert.deepEqual(
    findings.map(({ check, outcome }) => `${check.replace(/ \(.*/, '')}: ${outcome}`).slice(0, 2),
    ['find images in the map instead: skipped', 'read the map: failed'],
  );
});

async function outcomes(given: DoctorParts): Promise<readonly string[]> {
  return (await look(given, /signatures|trust root/)).map(
    ({ check, outcome, detail }) => `${check}: ${outcome}: ${detail}`,
  );
}

test('what accepts signatures: the policy, a warning where it is loose, no root where none is needed', async () => {
  const base = parts();
  assert.deepEqual(await outcomes(base), [
    'verify signatures: ok: Accepted signers: the vendor',
    'read the trust root (fake root): failed: not asked',
  ]);
  assert.deepEqual(await outcomes({ ...base, trustRoot: undefined }), [
    'verify signatures: ok: Accepted signers: the vendor',
    'read the trust root: skipped: no accepted key needs one',
  ]);
  const loose = (mode: 'warn' | 'off'): DoctorParts => ({
    ...base,
    trustRoot: undefined,
    settings: { ...base.settings, verify: { mode, graceSeconds: 0 } },
  });
  assert.match(
    (await outcomes(loose('warn')))[0] ?? '',
    /verify\.mode is warn: others are mirrored/,
  );
  assert.deepEqual(await outcomes(loose('off')), [
    'verify signatures: skipped: verify.mode is off: nothing is verified',
  ]);
});

test('places of reports are looked at, each by itself', async () => {
  const findings = await look(
    parts({
      places: [
        { name: 'write a', look: async () => 'there' },
        {
          name: 'write b',
          look: async () => Promise.reject(new MapStoreError('MAP_CONFLICT', 'b')),
        },
        { name: 'write c', look: async () => 'there' },
      ],
    }),
    /^write/,
  );
  assert.deepEqual(
    findings.map(({ outcome, detail }) => [outcome, detail]),
    [
      ['ok', 'there'],
      ['failed', 'b'],
      ['ok', 'there'],
    ],
  );
});

test('stopping it ends it, and is no finding', async () => {
  const stop = new AbortController();
  const given = parts({
    checkPush: async () => {
      stop.abort(new Error('stopped'));
      throw new RegistryError('REGISTRY_UNAVAILABLE', 'cut');
    },
  });
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const { check } of examine(given, { signal: stop.signal })) seen.push(check);
  }, /stopped/);
  assert.equal(seen.at(-1), 'pull from source.example');
});
