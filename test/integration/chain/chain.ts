import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import {
  appResult,
  selfUpdateResult,
  statusResult,
} from '../../../src/orchestrator/temporal/contract/results.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { BUILD_TIMEOUT_MS, IMAGE_TOOLS } from '../../support/servers/built-images.ts';
import type { EngineServer, EngineServerOptions } from '../../support/servers/engine-server.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { whyNot } from '../engine/real-engine.ts';
import { ChainWorld, HOLDER } from './chain-world.ts';
import { USER } from './configuration.ts';
import { assertUnprivileged, see } from './container.ts';
import { API_TOKEN, PAIR } from './tenant.ts';

const SERVERS = 'docker-registry htpasswd minio temporal cosign openssl'.split(' ');
const PATIENCE_MS = 120_000;
const ORCHESTRATOR = 'sdr-orchestrator';
const APP = 'teradata';

/** The whole chain, from what the vendor announces to an app that is swapped under its work. */
export function chain(
  name: string,
  program: string,
  start: (options: EngineServerOptions) => Promise<EngineServer>,
): void {
  const skip = whyNot(program) ?? false;
  test(`the whole chain on ${name}`, { skip, timeout: BUILD_TIMEOUT_MS }, async (t) => {
    if (!requireServer(t, ...IMAGE_TOOLS, ...SERVERS)) return;
    const world = await ChainWorld.start(t, start);
    await mirrorsWhatIsAnnounced(world);
    await startsWithoutPrivileges(world);
    await installsByTheMap(world);
    await upgradesUnderItsWork(world);
    await updatesItself(world);
    await leavesNothingBehind(world);
  });
}

async function mirrorsWhatIsAnnounced(world: ChainWorld): Promise<void> {
  await world.publish(APP, '1.0.0', await world.buildConnector('1.0.0'));
  await world.publish(ORCHESTRATOR, '0.1.0', 'localhost/sdr-orchestrator:test');
  await world.mirror();
}

async function startsWithoutPrivileges(world: ChainWorld): Promise<void> {
  await world.startOrchestrator('0.1.0');
  await waitFor(
    'an orchestrator that takes commands',
    async () => {
      // Asked as the engine asks; Podman's own checks need systemd.
      const health = ['exec', ORCHESTRATOR, ORCHESTRATOR, 'health'];
      const { exitCode, stdout, stderr } = await world.docker.start(health);
      world.log.push(stderr);
      return (exitCode === 0 && /active, Temporal polling/.test(stdout)) || undefined;
    },
    PATIENCE_MS,
  ).catch(async (error: unknown) => {
    await world.readLog(ORCHESTRATOR);
    throw new Error(world.log.slice(-3).join('\n'), { cause: error });
  });
  assertUnprivileged(await see(world.docker, ORCHESTRATOR), '10001');
  // One that was started without any of the options is found out.
  const careless = await see(world.docker, HOLDER);
  assert.throws(() => assertUnprivileged(careless, '65532'));
}

async function installsByTheMap(world: ChainWorld): Promise<void> {
  const result = v.parse(appResult, await world.command('install', { app: APP }, 'install-1'));
  assert.ok(result.outcome === 'done', JSON.stringify(result));
  assert.equal(result.serving?.version, '1.0.0');
  const place = `${world.atTarget('atlan/atlan-teradata-app')}@sha256:`;
  assert.ok(result.serving.image.startsWith(place), result.serving.image);
  // A port that is listened on would be seen.
  assert.deepEqual((await see(world.docker, 'atlan-teradata-prod')).ports, [8000]);
  await hears(world, 'install-1');
}

/** A workflow that one version of the app began is ended by the next. */
async function upgradesUnderItsWork(world: ChainWorld): Promise<void> {
  const crawl = await world.client.workflow.start('crawl', {
    taskQueue: 'atlan-teradata-prod',
    workflowId: 'crawl-1',
  });
  await waitFor('the crawl to begin', async () => {
    const { events } = await crawl.fetchHistory();
    return events?.find((event) => event.activityTaskCompletedEventAttributes) ?? undefined;
  });
  await world.publish(APP, '1.1.0', await world.buildConnector('1.1.0'));
  await world.mirror();
  const result = v.parse(appResult, await world.command('upgrade', { app: APP }, 'upgrade-1'));
  assert.ok(result.outcome === 'done', JSON.stringify(result));
  assert.deepEqual([result.serving?.version, result.previous?.version], ['1.1.0', '1.0.0']);
  await hears(world, 'upgrade-1');
  await crawl.signal('goOn');
  assert.deepEqual(await crawl.result(), ['1.0.0', '1.1.0']);
}

async function updatesItself(world: ChainWorld): Promise<void> {
  const { docker } = world;
  const before = await see(docker, ORCHESTRATOR);
  await world.readLog(ORCHESTRATOR);
  await world.publish(ORCHESTRATOR, '0.2.0', await world.buildOrchestrator('0.2.0'));
  await world.mirror();
  const result = v.parse(selfUpdateResult, await world.command('selfUpdate', {}, 'update-1'));
  assert.equal(result.outcome, 'done', JSON.stringify(result));
  const after = await see(docker, ORCHESTRATOR);
  assert.notEqual(after.id, before.id);
  assert.equal(after.labels['version'], '0.2.0');
  assertUnprivileged(after, '10001');
  await hears(world, 'update-1');
}

async function leavesNothingBehind(world: ChainWorld): Promise<void> {
  const { apps } = v.parse(statusResult, await world.command('status', {}, 'status-1'));
  const serving = apps.map(({ app, current }) => [app, current?.version]);
  assert.deepEqual(serving, [[APP, '1.1.0']]);
  const names = await world.docker.run('ps', '--all', '--format', '{{.Names}}');
  assert.deepEqual(names.split('\n').toSorted(), ['atlan-teradata-prod', HOLDER, ORCHESTRATOR]);
  await world.readLog(ORCHESTRATOR);
  const log = world.log.join('\n');
  assert.equal(log.match(/this orchestrator is active/g)?.length, 2, log);
  for (const secret of [API_TOKEN, PAIR.clientSecret, USER.password]) {
    assert.ok(!log.includes(secret), 'a secret is in a log');
  }
}

/** The control plane is called back. */
async function hears({ tenant }: ChainWorld, commandId: string): Promise<void> {
  await waitFor(`the callback of ${commandId}`, () =>
    tenant.events.find((event) => event.commandId === commandId),
  );
}
