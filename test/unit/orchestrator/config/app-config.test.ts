import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appConfigFor } from '../../../../src/orchestrator/config/app-config.ts';
import type { AppConfig } from '../../../../src/orchestrator/config/config.ts';
import { MINIMAL, load } from '../../../support/orchestrator/config.ts';

async function settings(apps: string, app: string): Promise<AppConfig> {
  const config = await load(`${MINIMAL}orchestrator: { apps: ${apps} }\n`);
  return appConfigFor(config.apps, app);
}

async function probe(health: string): Promise<unknown> {
  return (await settings(`{ a: { health: ${health} } }`, 'a')).gate.probe;
}

describe('the settings of an app', () => {
  test('are the defaults where nothing is said', async () => {
    assert.deepEqual(await settings('{}', 'teradata'), {
      autoUpdate: false,
      swap: 'blue-green',
      stopGraceSeconds: 3600,
      gate: {
        probe: { port: 8000, path: '/server/health' },
        settleSeconds: 10,
        timeoutSeconds: undefined,
      },
      resources: {},
      environment: {},
      mounts: [],
      ports: [],
      extraHosts: {},
      dns: [],
      readOnlyRoot: false,
      logLimits: { maxBytes: 50 * 1024 * 1024, files: 3 },
    });
  });

  test('are its own, and those of "*" where it says nothing; mappings are merged', async () => {
    const apps = `{
      "*": { memory: 1g, cpus: 0.5, health: { timeout: 3m, settle: 5s }, environment: { A: "1", B: "1" }, dns: [10.0.0.2] },
      teradata: { memory: 2.5G, pids: 512, health: { timeout: 9m }, environment: { B: "2" }, auto_update: true }
    }`;
    const own = await settings(apps, 'teradata');
    assert.deepEqual(own.resources, { cpus: 0.5, memoryBytes: 2.5 * 1024 ** 3, pids: 512 });
    assert.deepEqual([own.gate.timeoutSeconds, own.gate.settleSeconds], [540, 5]);
    assert.deepEqual(
      Object.entries(own.environment).map(([name, value]) => [name, value.reveal()]),
      [
        ['A', '1'],
        ['B', '2'],
      ],
    );
    assert.deepEqual([own.dns, own.autoUpdate], [['10.0.0.2'], true]);
    const other = await settings(apps, 'mysql');
    assert.deepEqual([other.resources.memoryBytes, other.autoUpdate], [1024 ** 3, false]);
  });

  test('an app that is called like a property of every object has none', async () => {
    assert.equal((await settings('{}', 'constructor')).swap, 'blue-green');
  });

  test('a published port means stopping first', async () => {
    const { swap, ports } = await settings(
      '{ a: { ports: ["127.0.0.1:8000:80", "[::1]:53:53/udp", "1:2"] } }',
      'a',
    );
    assert.equal(swap, 'stop-first');
    assert.deepEqual(ports, [
      { containerPort: 80, protocol: 'tcp', hostPort: 8000, hostAddress: '127.0.0.1' },
      { containerPort: 53, protocol: 'udp', hostPort: 53, hostAddress: '::1' },
      { containerPort: 2, protocol: 'tcp', hostPort: 1 },
    ]);
  });

  test('mounts are folders of the host or volumes', async () => {
    const { mounts } = await settings(
      '{ a: { mounts: [{ source: /srv/x, target: /x, read_only: true }, { source: cache, target: /y }] } }',
      'a',
    );
    assert.deepEqual(mounts, [
      { kind: 'bind', source: '/srv/x', target: '/x', readOnly: true },
      { kind: 'volume', name: 'cache', target: '/y', readOnly: false },
    ]);
  });

  test('the probe can be elsewhere, or left out', async () => {
    assert.deepEqual(await probe('{ port: 9000, path: /ready }'), { port: 9000, path: '/ready' });
    assert.equal(await probe('{ probe: false }'), undefined);
  });
});
