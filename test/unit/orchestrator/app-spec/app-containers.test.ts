import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createLogger } from '../../../../src/log.ts';
import { createAppContainers } from '../../../../src/orchestrator/app-spec/app-containers.ts';
import type { BindMount, Mount } from '../../../../src/orchestrator/engine/container-spec.ts';
import type { AppContainers, WantedApp } from '../../../../src/orchestrator/lifecycle/ports.ts';
import { atDigest } from '../../../../src/registry/reference.ts';
import { FakeContainerEngine } from '../../../fakes/container-engine.ts';
import { programs } from '../../../fakes/container-engine-programs.ts';
import { MINIMAL, load } from '../../../support/orchestrator/config.ts';

const IMAGE = atDigest(
  { registry: 'registry.mycompany.com', repository: 'atlan/teradata' },
  `sha256:${'a'.repeat(64)}`,
);
const WANTED: WantedApp = {
  app: 'teradata',
  version: '3.1.4',
  source: 'atlanhq/atlan-teradata-app:3.1.4',
  image: IMAGE,
  commandId: 'install-1',
  generation: 1,
};
const LONG_AGO = new Date('2020-01-01');

interface World {
  readonly folder: string;
  readonly engine: FakeContainerEngine;
  readonly warnings: string[];
  readonly make: (
    own: string,
    more?: { readonly mounts?: readonly Mount[]; readonly bucket?: string },
  ) => Promise<AppContainers>;
}

async function world(t: TestContext): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'apps-'));
  t.after(async () => rm(folder, { recursive: true, force: true }));
  const engine = new FakeContainerEngine();
  const warnings: string[] = [];
  return {
    folder,
    engine,
    warnings,
    make: async (own, { mounts, bucket = 'acme-sdr' } = {}) =>
      createAppContainers({
        config: await load(
          `${MINIMAL.replace('acme-sdr', bucket)}orchestrator: { data_folder: ${folder}${own} }\n`,
        ),
        engine,
        ownMounts: async () => mounts,
        group: 10_001,
        env: {},
        now: () => Date.now(),
        logger: createLogger(({ message }) => warnings.push(message)),
      }),
  };
}

function componentsOf(mounts: readonly Mount[]): BindMount {
  const mount = mounts.find(({ target }) => target === '/app/components');
  assert.ok(mount?.kind === 'bind');
  return mount;
}

describe('the containers of apps', () => {
  test('are given files that were written before', async (t) => {
    const { make, folder } = await world(t);
    const { spec } = await (await make('')).make(WANTED);
    const { source } = componentsOf(spec.mounts);
    assert.ok(source.startsWith(join(folder, 'components')));
    assert.match(await readFile(join(source, 'objectstore.yaml'), 'utf8'), /acme-sdr/);
  });

  test('are given them by the name the host has for them', async (t) => {
    const { make, folder } = await world(t);
    const mounts: Mount[] = [{ kind: 'bind', source: '/srv/sdr', target: folder, readOnly: false }];
    const found = await (await make('', { mounts })).make(WANTED);
    assert.match(componentsOf(found.spec.mounts).source, /^\/srv\/sdr\/components\/[0-9a-f]{32}$/);
    const told = await (await make(', data_folder_on_host: /host', { mounts })).make(WANTED);
    assert.match(componentsOf(told.spec.mounts).source, /^\/host\/components\//);
  });

  test('are not made where the host could not give them any', async (t) => {
    const { make } = await world(t);
    await assert.rejects((await make('', { mounts: [] })).make(WANTED), /data_folder_on_host/);
  });

  test('follow the settings of the app', async (t) => {
    const { make } = await world(t);
    const apps = await make(', apps: { teradata: { auto_update: true, swap: stop-first } }');
    assert.deepEqual(
      ['teradata', 'mysql'].map((app) => [apps.autoUpdate(app), apps.policy(app).swap]),
      [
        [true, 'stop-first'],
        [false, 'blue-green'],
      ],
    );
  });
});

describe('old files', () => {
  test('go, unless a container uses them', async (t) => {
    const { make, folder, engine } = await world(t);
    engine.publish(IMAGE, programs.good);
    const { spec } = await (await make('')).make(WANTED);
    await engine.ensureNetwork('atlan-sdr-prod', {});
    await engine.pull(IMAGE, { kind: 'anonymous', origin: 'the test' });
    await engine.create(spec);
    const parent = join(folder, 'components');
    const [used = ''] = await readdir(parent);
    const idle = 'f'.repeat(32);
    await mkdir(join(parent, idle));
    for (const name of [used, idle]) await utimes(join(parent, name), LONG_AGO, LONG_AGO);
    const { spec: other } = await (await make('', { bucket: 'another' })).make(WANTED);
    assert.deepEqual(
      (await readdir(parent)).toSorted(),
      [used, basename(componentsOf(other.mounts).source)].toSorted(),
    );
  });

  test('that cannot be looked through are no reason not to make a container', async (t) => {
    const { make, engine, warnings } = await world(t);
    const apps = await make('');
    engine.list = async () => Promise.reject(new Error('the engine is busy'));
    await apps.make(WANTED);
    assert.deepEqual(warnings, [
      'old component files were left where they are: the engine is busy',
    ]);
  });
});
