import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerSpec } from '../../../src/orchestrator/engine/container-spec.ts';
import { differences } from '../../../src/orchestrator/engine/spec-differences.ts';
import { Secret } from '../../../src/secret.ts';
import type { EngineUnderTest } from '../container-engine.ts';
import { isEngineError, noSuchContainer, Scene } from './scene.ts';

/** One of everything. */
function everything(folder: string, network: string): Partial<ContainerSpec> {
  return {
    command: ['sh', '-c', 'sleep 1000 # a "quoted"  word'],
    workingDirectory: '/tmp',
    hostname: 'host-of-app',
    environment: { PLAIN: 'a=b c', PASSWORD: new Secret('p$w "d') },
    user: '10001:10001',
    groups: ['123'],
    mounts: [
      { kind: 'bind', source: folder, target: '/bound', readOnly: true },
      { kind: 'volume', name: 'contract-volume', target: '/volume', readOnly: false },
      { kind: 'tmpfs', target: '/scratch', sizeBytes: 1_048_576, mode: '1777' },
      { kind: 'tmpfs', target: '/tmp', sizeBytes: 2_097_152 },
    ],
    readOnlyRoot: true,
    capabilities: { add: [], drop: ['ALL'] },
    securityOptions: ['no-new-privileges'],
    resources: { cpus: 0.5, memoryBytes: 67_108_864, pids: 64 },
    restart: 'unless-stopped',
    stopSignal: 'SIGINT',
    stopTimeoutSeconds: 3_600,
    network: [{ name: network, aliases: ['app', 'app.internal'] }],
    extraHosts: { 'temporal.example': '192.0.2.7' },
    dns: ['192.0.2.53'],
    logLimits: { maxBytes: 1_048_576, files: 2 },
    healthCheck: {
      test: ['CMD-SHELL', 'true'],
      intervalMs: 1_000,
      timeoutMs: 2_000,
      startPeriodMs: 3_000,
      retries: 4,
    },
    // Both: told one alone, Podman raises the other to what it may not without CAP_SYS_RESOURCE.
    ulimits: [
      { name: 'nofile', soft: 1_024, hard: 2_048 },
      { name: 'nproc', soft: 1_024, hard: 2_048 },
    ],
  };
}

export function testSettings(world: () => EngineUnderTest): void {
  test('tells of a container what it was created with', async (t) => {
    const scene = new Scene(t, world());
    const given = everything(scene.folder, await scene.network('net'));
    const id = await scene.create('app', 'good', given);
    const told = await scene.engine.specOf(id);
    const { restart, ...same } = given;
    const wanted = scene.spec('app', await world().publish('good'), same);
    // What else is told is what the engine gives every container, and what it calls the policy.
    const unlike = differences({ ...told, restart: 'no' }, wanted);
    const own = new Set([
      'capabilities',
      'ulimits',
      ...(world().limitsResources ? [] : ['resources']),
    ]);
    assert.deepEqual(
      unlike.filter((key) => !own.has(key)),
      [],
    );
    assert.ok(told.restart === restart || told.restart === 'always');
    assert.deepEqual(told.image, wanted.image);
    assert.deepEqual(told.labels, wanted.labels);
    assert.ok(told.ulimits?.some(({ name, hard }) => name === 'nofile' && hard === 2_048));
    assert.ok(told.environment['PASSWORD'] instanceof Secret);
  });

  test('makes the same container again of what it tells', async (t) => {
    const scene = new Scene(t, world());
    const given = everything(scene.folder, await scene.network('net'));
    const blue = await scene.engine.specOf(await scene.run('blue', 'good', given));
    const id = await scene.engine.create({ ...blue, name: scene.name('green') });
    await scene.engine.start(id);
    const green = await scene.engine.specOf(id);
    assert.deepEqual(differences(blue, green), []);
    assert.deepEqual(green.labels, blue.labels);
    const third = await scene.engine.create({ ...green, name: scene.name('third') });
    assert.deepEqual(differences(await scene.engine.specOf(third), blue), []);
  });

  test('leaves out what the image gave', async (t) => {
    const scene = new Scene(t, world());
    const told = await scene.engine.specOf(await scene.create('app', 'good'));
    const { environment, command, entrypoint, healthCheck, user, labels, mounts } = told;
    assert.deepEqual(
      { environment, command, entrypoint, healthCheck, user, labels, mounts },
      {
        environment: {},
        command: undefined,
        entrypoint: undefined,
        healthCheck: undefined,
        user: undefined,
        labels: scene.labels,
        mounts: [],
      },
    );
    await assert.rejects(scene.engine.specOf(noSuchContainer), isEngineError('NOT_FOUND'));
  });
}
