import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appContainer, type Machine } from '../../../../src/orchestrator/app-spec/app-container.ts';
import { parseLabels } from '../../../../src/orchestrator/app-spec/labels.ts';
import { specHash } from '../../../../src/orchestrator/app-spec/spec-hash.ts';
import type { AppContainer, WantedApp } from '../../../../src/orchestrator/lifecycle/ports.ts';
import { atDigest } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import { MINIMAL, load } from '../../../support/orchestrator/config.ts';

const WANTED: WantedApp = {
  app: 'teradata',
  version: '3.1.4',
  source: 'atlanhq/atlan-teradata-app:3.1.4',
  image: atDigest(
    { registry: 'registry.mycompany.com', repository: 'atlan/teradata' },
    `sha256:${'a'.repeat(64)}`,
  ),
  commandId: 'install-1',
  generation: 1,
};

const MACHINE: Machine = {
  engine: { kind: 'docker', rootless: false },
  isContained: true,
  componentFolder: '/srv/sdr/components/0123',
  group: 10_001,
  env: {},
};

async function make(
  apps: string = '{}',
  wanted: Partial<WantedApp> = {},
  machine: Partial<Machine> = {},
): Promise<AppContainer> {
  const config = await load(`${MINIMAL}orchestrator: { apps: ${apps} }\n`);
  return appContainer(config, { ...MACHINE, ...machine }, { ...WANTED, ...wanted });
}

describe("an app's container", () => {
  test('is named, found, limited and restarted as it should be', async () => {
    const { spec, swap, stopGraceSeconds, gate } = await make(
      '{ teradata: { memory: 1g, cpus: 1 } }',
    );
    const { environment, labels, ...rest } = spec;
    assert.ok(environment['ATLAN_AUTH_CLIENT_SECRET'] instanceof Secret);
    assert.equal(environment['ATLAN_APPLICATION_NAME'], 'teradata');
    assert.equal(Object.keys(labels).length, 11);
    assert.deepEqual(rest, {
      name: 'atlan-teradata-prod',
      image: WANTED.image,
      groups: ['10001'],
      mounts: [
        {
          kind: 'bind',
          source: '/srv/sdr/components/0123',
          target: '/app/components',
          readOnly: true,
          relabel: 'z',
        },
      ],
      readOnlyRoot: false,
      capabilities: { add: [], drop: ['ALL'] },
      securityOptions: ['no-new-privileges'],
      resources: { memoryBytes: 1024 ** 3, cpus: 1 },
      restart: 'unless-stopped',
      stopTimeoutSeconds: 3600,
      network: [{ name: 'atlan-sdr-prod', aliases: ['teradata', 'atlan-teradata-prod'] }],
      ports: [],
      extraHosts: {},
      logLimits: { maxBytes: 50 * 1024 ** 2, files: 3 },
    });
    assert.deepEqual([swap, stopGraceSeconds], ['blue-green', 3600]);
    assert.deepEqual(gate.probe, { port: 8000, path: '/server/health' });
  });

  test('carries what is known of it in its labels', async () => {
    const { spec, specHash: hash } = await make('{}', { mapRevision: '7' });
    assert.deepEqual(parseLabels(spec.labels), {
      ...WANTED,
      deployment: 'prod',
      role: 'app',
      specHash: hash,
      mapRevision: '7',
    });
  });

  for (const [engine, isContained, group] of [
    [{ kind: 'docker', rootless: false }, true, '10001'],
    [{ kind: 'podman', rootless: false }, true, '10001'],
    [{ kind: 'podman', rootless: false }, false, '10001'],
    [{ kind: 'podman', rootless: true }, true, '0'],
    [{ kind: 'podman', rootless: true }, false, '0'],
    [{ kind: 'docker', rootless: true }, true, '10001'],
    [{ kind: 'docker', rootless: true }, false, '0'],
  ] as const) {
    const where = isContained ? 'a container' : 'the host';
    const how = engine.rootless ? 'without root' : 'as root';
    test(`reads its files as a member of group ${group}: ${engine.kind} ${how}, asked from ${where}`, async () => {
      const { spec } = await make('{}', {}, { engine, isContained });
      assert.deepEqual(spec.groups, [group]);
    });
  }

  test('obeys the operator about its environment', async () => {
    const { spec } = await make(
      '{ "*": { environment: { ATLAN_APP_HTTP_PORT: "9000" }, dns: [10.0.0.2], extra_hosts: { db: 10.0.0.3 } } }',
    );
    const port = spec.environment['ATLAN_APP_HTTP_PORT'];
    assert.ok(port instanceof Secret);
    assert.equal(port.reveal(), '9000');
    assert.deepEqual([spec.dns, spec.extraHosts], [['10.0.0.2'], { db: '10.0.0.3' }]);
  });

  test('may be read-only, but for what apps write to', async () => {
    const { spec } = await make(
      '{ teradata: { read_only: true, mounts: [{ source: scratch, target: /tmp }] } }',
    );
    assert.equal(spec.readOnlyRoot, true);
    assert.deepEqual(spec.mounts.slice(1), [
      { kind: 'tmpfs', target: '/app/local', mode: '1777' },
      { kind: 'volume', name: 'scratch', target: '/tmp', readOnly: false },
    ]);
  });
});

describe('the spec hash', () => {
  test('is the same for containers that differ only in the command that made them', async () => {
    const first = await make();
    const digest = `sha256:${'b'.repeat(64)}` as const;
    for (const wanted of [
      { commandId: 'restart-2', generation: 2 },
      { mapRevision: '8', held: 'x' },
      { version: '3.1.5', image: atDigest(WANTED.image, digest) },
    ]) {
      assert.equal((await make('{}', wanted)).specHash, first.specHash);
    }
  });

  test('is another one for every setting that differs', async () => {
    const made = await Promise.all([
      make(),
      make('{ teradata: { memory: 1g } }'),
      make('{ teradata: { environment: { A: "1" } } }'),
      make('{ teradata: { environment: { A: "2" } } }'),
      make('{ teradata: { ports: ["1:2"] } }'),
      make('{}', { app: 'mysql' }),
      make('{}', {}, { componentFolder: '/srv/sdr/components/4567' }),
    ]);
    assert.equal(new Set(made.map((one) => one.specHash)).size, made.length);
  });

  test('does not depend on the order of anything named', async () => {
    const { spec } = await make('{ teradata: { environment: { A: "1", B: "2" } } }');
    const turned = {
      ...Object.fromEntries(Object.entries(spec).toReversed()),
      environment: Object.fromEntries(Object.entries(spec.environment).toReversed()),
    } as unknown as typeof spec;
    assert.equal(specHash(turned), specHash(spec));
  });

  test('tells a secret from the same text in plain sight', async () => {
    const { spec } = await make();
    const [plain, secret] = ['x', new Secret('x')].map((value) =>
      specHash({ ...spec, environment: { A: value } }),
    );
    assert.notEqual(plain, secret);
  });
});
