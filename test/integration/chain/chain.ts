import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
import { ChainWorld } from './chain-world.ts';
import { USER } from './configuration.ts';
import { see } from './container.ts';
import { API_TOKEN, PAIR } from './tenant.ts';

const SERVERS = [...IMAGE_TOOLS, 'docker-registry', 'htpasswd', 'minio', 'temporal', 'cosign'];
const PATIENCE_MS = 120_000;
const ORCHESTRATOR = 'sdr-orchestrator';

/** The whole chain, from what the vendor announces to an app that was swapped under its work. */
export function chain(
  name: string,
  program: string,
  start: (options: EngineServerOptions) => Promise<EngineServer>,
): void {
  describe(`the whole chain on ${name}`, { skip: whyNot(program) ?? false }, () => {
    test(
      'mirrored, installed, upgraded under its work, and updated itself',
      {
        timeout: BUILD_TIMEOUT_MS,
      },
      async (t) => {
        if (!requireServer(t, ...SERVERS, 'openssl')) return;
        const world = await ChainWorld.start(t, start);
        const { docker, client, tenant } = world;
        const logs: string[] = [];
        const mirror = async (): Promise<void> => {
          const { exitCode, stdout, stderr } = await world.mirror();
          assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
          logs.push(stdout, stderr);
        };
        const heard = async (commandId: string): Promise<void> => {
          await waitFor(`the callback of ${commandId}`, () =>
            tenant.events.find((event) => event.commandId === commandId),
          );
        };

        await world.publish('teradata', '1.0.0', await world.buildConnector('1.0.0'));
        await world.publish(ORCHESTRATOR, '0.1.0', 'localhost/sdr-orchestrator:test');
        await mirror();
        await world.startOrchestrator('0.1.0');
        await waitFor(
          'a healthy orchestrator',
          async () => (await healthy(world)) || undefined,
          PATIENCE_MS,
        );
        const first = await see(docker, ORCHESTRATOR);
        assertUnprivileged(first);

        const installed = v.parse(
          appResult,
          await world.command('install', { app: 'teradata' }, 'install-1'),
        );
        assert.ok(installed.outcome === 'done', JSON.stringify(installed));
        assert.equal(installed.serving?.version, '1.0.0');
        assert.ok(
          installed.serving.image.startsWith(`${world.atTarget('atlan/atlan-teradata-app')}@`),
        );
        await heard('install-1');

        const crawl = await client.workflow.start('crawl', {
          taskQueue: 'atlan-teradata-prod',
          workflowId: 'crawl-1',
        });
        await waitFor('the crawl to begin', async () => {
          const { events = [] } = await crawl.fetchHistory();
          return (
            events?.some(({ activityTaskCompletedEventAttributes: done }) => done) || undefined
          );
        });
        await world.publish('teradata', '1.1.0', await world.buildConnector('1.1.0'));
        await mirror();
        const upgraded = v.parse(
          appResult,
          await world.command('upgrade', { app: 'teradata' }, 'upgrade-1'),
        );
        assert.ok(upgraded.outcome === 'done', JSON.stringify(upgraded));
        assert.deepEqual(
          [upgraded.serving?.version, upgraded.previous?.version],
          ['1.1.0', '1.0.0'],
        );
        await heard('upgrade-1');
        await crawl.signal('goOn');
        assert.deepEqual(await crawl.result(), ['1.0.0', '1.1.0']);

        logs.push(await docker.run('logs', ORCHESTRATOR));
        await world.publish(ORCHESTRATOR, '0.2.0', await world.buildOrchestrator('0.2.0'));
        await mirror();
        const updated = v.parse(
          selfUpdateResult,
          await world.command('selfUpdate', {}, 'update-1'),
        );
        assert.equal(updated.outcome, 'done', JSON.stringify(updated));
        const second = await see(docker, ORCHESTRATOR);
        assert.notEqual(second.id, first.id);
        assert.equal(second.labels['version'], '0.2.0');
        assertUnprivileged(second);
        await heard('update-1');

        const status = v.parse(statusResult, await world.command('status', {}, 'status-1'));
        assert.deepEqual(
          status.apps.map(({ app, current }) => [app, current?.version]),
          [['teradata', '1.1.0']],
        );
        const names = await docker.run('ps', '--all', '--format', '{{.Names}}');
        assert.deepEqual(names.split('\n').toSorted(), ['atlan-teradata-prod', ORCHESTRATOR]);
        logs.push(await docker.run('logs', ORCHESTRATOR));
        for (const secret of [API_TOKEN, PAIR.clientSecret, USER.password]) {
          assert.ok(!logs.join('\n').includes(secret), 'a secret is in a log');
        }
      },
    );
  });
}

/** Asked as the engine asks; Podman's own checks need systemd. */
async function healthy({ docker }: ChainWorld): Promise<boolean> {
  const { exitCode, stdout } = await docker.start(['exec', ORCHESTRATOR, ORCHESTRATOR, 'health']);
  return exitCode === 0 && /active, Temporal polling/.test(stdout);
}

function assertUnprivileged(container: Awaited<ReturnType<typeof see>>): void {
  const { users, capabilities, mayGainPrivileges, ports, readOnlyRoot } = container;
  assert.deepEqual(users, Array(4).fill('10001'));
  assert.deepEqual(
    { capabilities, mayGainPrivileges, ports, readOnlyRoot },
    { capabilities: [], mayGainPrivileges: false, ports: [], readOnlyRoot: true },
  );
}
