import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Client } from '@temporalio/client';
import * as v from 'valibot';
import type { DeploymentEvent } from '../../../src/orchestrator/callback/deployment-event.ts';
import { containerName } from '../../../src/orchestrator/app-spec/names.ts';
import { appResult, statusResult } from '../../../src/orchestrator/temporal/contract/results.ts';
import { MAP_KEY, startMachine, type Machine } from '../../support/orchestrator/deployment.ts';
import { json, startScripted, type ScriptedServer } from '../../support/scripted-server.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { Endings } from '../../support/servers/endings.ts';
import { S3Bucket, startMinio } from '../../support/servers/s3-servers.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { openTemporalGate } from '../../support/servers/temporal-gate.ts';
import {
  startTemporal,
  temporalClient,
  type TemporalServer,
} from '../../support/servers/temporal.ts';
import { jwt } from '../../support/temporal/jwt.ts';
import { execute } from '../../support/temporal/scene.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { whyNot } from '../engine/real-engine.ts';
import {
  CLIENT_SECRET,
  startOrchestrator,
  type OrchestratorProcess,
} from './orchestrator-process.ts';

// The core gives up on credentials after 60 s, an event left by hand is found within 60 s.
const LONG_MS = 120_000;

const wish = (version: string): { readonly app: string; readonly image: string } => ({
  app: 'teradata',
  image: `atlanhq/atlan-teradata-app:${version}`,
});

/** What becomes of an orchestrator whose control plane, or map, is away. Together, as each waits. */
export function controlPlaneOutages(): void {
  describe(
    'an orchestrator outlives',
    { concurrency: true, skip: whyNot('dockerd') ?? false },
    () => {
      const endings = new Endings();
      let machine: Machine;
      let temporal: TemporalServer;
      let client: Client;

      before(async () => {
        const engine = await startMachine(startDocker);
        endings.add(engine.stop);
        machine = engine;
        temporal = await startTemporal();
        endings.add(temporal.stop);
        const connected = await temporalClient(temporal.address);
        endings.add(connected.close);
        client = connected.client;
      });

      after(async () => endings.run());

      test('Temporal being gone: it obeys its own command line, mends, and tells what was done', async (t) => {
        if (!requireServer(t, 'temporal')) return;
        const deployment = 'gone';
        const own = await startTemporal();
        t.after(own.stop);
        const tenant = await startTenant(t);
        const orchestrator = await startOrchestrator(t, machine, {
          name: deployment,
          domain: tenant.server.host,
          temporal: `{ address: "${own.address}", tls: false, auth: none }`,
          callbackUrl: `${tenant.server.url}/callback`,
        });
        const first = await temporalClient(own.address);
        t.after(first.close);
        await serves(execute(first.client, deployment, 'install', wish('1'), 'install-1'), '1');

        // For about a minute: it is noticed within 15 s, and then nothing changes with time but the pauses.
        await own.kill();
        const named = ['--image', wish('2').image, '--command-id', 'by-hand'];
        const byHand = await orchestrator.program.run('upgrade', 'teradata', ...named);
        assert.equal(byHand.exitCode, 0, byHand.stdout + byHand.stderr);
        await orchestrator.untilTemporal('unreachable', LONG_MS);
        const health = await orchestrator.program.run('health');
        assert.equal(health.exitCode, 0, health.stdout);
        assert.match(health.stdout, /^alive .*active, Temporal unreachable/);
        // Nobody is there to tell it to, and the app is started again all the same.
        const name = containerName(deployment, 'teradata');
        const app = await machine.engine.inspect(name);
        assert.ok(app !== undefined);
        await machine.engine.stop(app.id, 5);
        await waitFor(
          'the app is started again',
          async () =>
            (await machine.engine.inspect(name))?.state === 'running' ? true : undefined,
          LONG_MS,
        );
        await own.restart();
        await orchestrator.untilTemporal('polling', LONG_MS);
        const status = await execute(first.client, deployment, 'status', {}, 'status-1');
        assert.equal(v.parse(statusResult, status).apps[0]?.current?.version, '2');
        // Perhaps more than once, as it was started again: by the same id, as a fact.
        const heard = (commandId: string): DeploymentEvent | undefined =>
          tenant.events.find((event) => event.commandId === commandId);
        assert.equal(heard('install-1')?.serving?.version, '1');
        const told = await waitFor('the control plane to hear', () => heard('by-hand'), LONG_MS);
        assert.equal(told.serving?.version, '2');
      });

      test('a client whose secret is revoked, for so long that its worker fails for good', async (t) => {
        if (!requireServer(t, 'temporal')) return;
        const deployment = 'revoked';
        const tenant = await startTenant(t);
        const gate = await openTemporalGate(temporal.address);
        t.after(async () => gate.stop());
        const orchestrator = await startOrchestrator(t, machine, {
          name: deployment,
          domain: tenant.server.host,
          temporal: `{ address: "${gate.address}", tls: false, auth: oauth }`,
        });
        tenant.revoked = true;
        gate.accept(() => false);
        // Polls that are open would go on for a minute.
        await gate.close();
        await gate.reopen();
        await waitFor(
          'the worker to fail for good, and the token service to refuse its successor a token',
          async () =>
            /the worker is FAILED[^]*answered 401, saying "invalid_client/.test(
              await orchestrator.log(),
            )
              ? true
              : undefined,
          LONG_MS,
        );
        const { temporal: seen } = await orchestrator.untilTemporal('refused');
        assert.match(seen.reason ?? '', /check client_id and client_secret/);
        assert.equal((await orchestrator.program.run('health')).exitCode, 0);

        tenant.revoked = false;
        gate.accept(() => true);
        await serves(execute(client, deployment, 'install', wish('1'), 'revoked-1'), '1');
        assert.equal((await orchestrator.log()).includes(CLIENT_SECRET), false);
      });

      test('an object store that is gone: the workflow waits for it', async (t) => {
        if (!requireServer(t, 'temporal', 'minio')) return;
        const deployment = 'storeless';
        const store = await startMinio();
        t.after(store.stop);
        const bucket = await S3Bucket.create(store, 'sdr');
        await bucket.put(MAP_KEY, machine.map);
        const items = Object.entries({
          bucket: bucket.name,
          region: 'us-east-1',
          endpoint: store.url,
          accessKey: store.accessKeyId,
          secretKey: store.secretAccessKey,
          forcePathStyle: 'true',
        }).map(([name, value]) => ({ name, value }));
        const orchestrator: OrchestratorProcess = await startOrchestrator(t, machine, {
          name: deployment,
          domain: 'acme.atlan.com',
          temporal: `{ address: "${temporal.address}", tls: false, auth: none }`,
          objectStore: JSON.stringify({ type: 'bindings.aws.s3', metadata: items }),
        });
        await serves(execute(client, deployment, 'install', wish('1'), 'storeless-1'), '1');

        await store.kill();
        const handle = await client.workflow.start('upgrade', {
          taskQueue: `atlan-sdr-${deployment}`,
          workflowId: 'storeless-2',
          args: [wish('2')],
        });
        await waitFor('the second attempt', async () => {
          const { raw } = await handle.describe();
          const [activity] = raw.pendingActivities ?? [];
          return (activity?.attempt ?? 0) > 1 ? true : undefined;
        });
        assert.match(await orchestrator.log(), /upgrade failed .*code=MAP_UNAVAILABLE/);
        await store.restart();
        await serves(handle.result(), '2');
      });
    },
  );
}

async function serves(result: Promise<unknown>, version: string): Promise<void> {
  const { outcome, serving } = v.parse(appResult, await result);
  assert.deepEqual([outcome, serving?.version], ['done', version]);
}

/** The tenant's own services: the one that gives out tokens, and the one that is told of results. */
interface Tenant {
  readonly server: ScriptedServer;
  readonly events: readonly DeploymentEvent[];
  /** Whether the client gets no tokens any more. */
  revoked: boolean;
}

async function startTenant(t: TestContext): Promise<Tenant> {
  const events: DeploymentEvent[] = [];
  let count = 0;
  const server = await startScripted(t, ({ path, body, headers }) => {
    if (path.endsWith('/token')) {
      if (tenant.revoked) return json(401, { error: 'invalid_client' });
      count += 1;
      return json(200, { access_token: jwt({ iat: 1_000, exp: 1_900, jti: String(count) }) });
    }
    if (headers.authorization?.startsWith('Bearer ey') !== true) return json(401, {});
    events.push(JSON.parse(body.toString()) as DeploymentEvent);
    return json(204, {});
  });
  const tenant: Tenant = { server, events, revoked: false };
  return tenant;
}
