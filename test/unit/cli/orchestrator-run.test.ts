import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Heartbeat } from '../../../src/orchestrator/temporal/heartbeat.ts';
import { programs } from '../../fakes/container-engine-programs.ts';
import { imageNamed, plainSpec } from '../../fakes/container-engine-specs.ts';
import {
  HASTY_CLOCK,
  startOrchestratorScene,
  type OrchestratorScene,
} from '../../support/orchestrator/cli-scene.ts';
import { waitFor } from '../../support/servers/server-process.ts';

test('run polls, mends, beats, and lets a signal end it', async (t) => {
  const scene = await startOrchestratorScene(t);
  await scene.offer('teradata', '1.0.0');
  await scene.program.run('install', 'teradata');
  const app = await scene.engine.inspect('atlan-teradata-prod');
  assert.ok(app);
  await scene.engine.stop(app.id, 1);
  scene.change({ clock: HASTY_CLOCK });

  const running = scene.program.run('run');
  const heartbeat = await beating(scene, ({ temporal }) => temporal.state === 'polling');
  assert.equal(heartbeat.role, 'active');
  assert.equal(scene.temporal.worker.taskQueue, 'atlan-sdr-prod');
  await waitFor('the app is started again', async () =>
    scene.engine.states['atlan-teradata-prod'] === 'running' ? true : undefined,
  );
  scene.program.signal('SIGTERM');
  const ended = await running;

  assert.equal(ended.exitCode, 143, ended.stderr);
  assert.match(ended.stderr, /the orchestrator starts .*deployment=prod/);
  assert.match(ended.stderr, /stopping: nothing new is begun/);
  assert.equal(scene.temporal.worker.state, 'STOPPED');
  const health = await scene.program.run('health');
  assert.deepEqual(
    [health.exitCode, /^alive at .*, active, Temporal/.test(health.stdout)],
    [0, true],
  );
});

test('without a control plane it keeps running what is installed', async (t) => {
  const scene = await startOrchestratorScene(t);
  scene.change({
    clock: HASTY_CLOCK,
    loadTemporal: async () => {
      throw new Error('nobody asked for Temporal');
    },
  });
  const running = scene.program.run('run', '--no-temporal');
  const { temporal } = await beating(scene, ({ role }) => role === 'active');
  assert.equal(temporal.state, 'off');
  scene.program.signal('SIGINT');
  assert.equal((await running).exitCode, 130);
  assert.equal(scene.temporal.attempts, 0);
});

test('in a container that is called .green it stands by, and polls once it has the name', async (t) => {
  const scene = await startOrchestratorScene(t);
  const { engine } = scene;
  const image = imageNamed('orchestrator');
  engine.publish(image, programs.good);
  await engine.pull(image, { kind: 'anonymous', origin: 'test' });
  const id = await engine.create(plainSpec('sdr-orchestrator.green', image));
  await engine.start(id);
  const blue = await engine.create(plainSpec('sdr-orchestrator', image));
  scene.change({ clock: HASTY_CLOCK, ownId: async () => id });

  const running = scene.program.run('run');
  await beating(scene, ({ role }) => role === 'standby');
  assert.equal(scene.temporal.workers.length, 0);
  await engine.rename(blue, 'sdr-orchestrator.old');
  await engine.rename(id, 'sdr-orchestrator');
  await waitFor('it polls', () => scene.temporal.workers.at(-1));
  scene.program.signal('SIGTERM');
  const ended = await running;
  assert.equal(ended.exitCode, 143, ended.stderr);
  assert.match(ended.stderr, /on standby[^]*this orchestrator is active/);
});

test('what runs in a container of another engine is on duty as a plain process', async (t) => {
  const scene = await startOrchestratorScene(t);
  scene.change({ clock: HASTY_CLOCK, ownId: async () => 'f'.repeat(64) });
  const running = scene.program.run('run', '--no-temporal');
  await beating(scene, ({ role }) => role === 'active');
  scene.program.signal('SIGTERM');
  assert.equal((await running).exitCode, 143);
});

/** The first heartbeat that is as it should be. */
async function beating(
  scene: OrchestratorScene,
  isSo: (heartbeat: Heartbeat) => boolean,
): Promise<Heartbeat> {
  return waitFor('the heartbeat', async () => {
    const text = await scene.read('heartbeat.json').catch(() => undefined);
    const heartbeat = text === undefined ? undefined : (JSON.parse(text) as Heartbeat);
    return heartbeat !== undefined && isSo(heartbeat) ? heartbeat : undefined;
  });
}
