import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerId } from '../../../src/orchestrator/engine/container.ts';
import type { EngineUnderTest } from '../container-engine.ts';
import { isEngineError, noSuchContainer, Scene } from './scene.ts';

async function settled(scene: Scene, id: ContainerId): Promise<Container> {
  return scene.until('the health is known', async () => {
    const container = await scene.engine.checkHealth(id);
    return container.health === 'starting' ? undefined : container;
  });
}

export function testHealth(world: () => EngineUnderTest): void {
  test('finds a container healthy', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'good');
    assert.equal((await settled(scene, id)).health, 'healthy');
    const { health, healthCheck } = await scene.inspect(id);
    assert.equal(health, 'healthy');
    assert.equal(healthCheck?.retries, 2);
    assert.equal(healthCheck.intervalMs, 500);
  });

  test('finds a container unhealthy', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'unhealthy');
    const { health, state } = await settled(scene, id);
    assert.deepEqual([health, state], ['unhealthy', 'running']);
  });

  test('knows nothing of the health of a container without a check', async (t) => {
    const scene = new Scene(t, world());
    const bare = await scene.engine.checkHealth(await scene.run('bare', 'bare'));
    assert.deepEqual([bare.health, bare.healthCheck], ['none', undefined]);
    const off = await scene.run('off', 'good', { healthCheck: 'none' });
    assert.equal((await scene.engine.checkHealth(off)).health, 'none');
    await assert.rejects(scene.engine.checkHealth(noSuchContainer), isEngineError('NOT_FOUND'));
  });

  test('judges by the check a container was given', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.create('app', 'bare', {
      healthCheck: {
        test: ['CMD', 'false'],
        intervalMs: 2_000,
        timeoutMs: 3_000,
        startPeriodMs: 4_000,
        retries: 5,
      },
    });
    assert.deepEqual((await scene.inspect(id)).healthCheck, {
      test: ['CMD', 'false'],
      intervalMs: 2_000,
      timeoutMs: 3_000,
      startPeriodMs: 4_000,
      retries: 5,
    });
  });
}
