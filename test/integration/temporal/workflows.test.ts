import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import * as v from 'valibot';
import { createCallbackDuty } from '../../../src/orchestrator/callback/callback-duty.ts';
import {
  deploymentEvent,
  type DeploymentEvent,
} from '../../../src/orchestrator/callback/deployment-event.ts';
import { openOutbox } from '../../../src/orchestrator/callback/outbox.ts';
import { createReportingCommands } from '../../../src/orchestrator/callback/reporting-commands.ts';
import {
  appResult,
  reconcileResult,
  selfUpdateResult,
  statusResult,
} from '../../../src/orchestrator/temporal/contract/results.ts';
import { apiKeyTokens } from '../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeCommands, fakeFailure, untilAborted } from '../../fakes/fake-commands.ts';
import { findBinary, requireServer } from '../../support/servers/binaries.ts';
import { Endings } from '../../support/servers/endings.ts';
import { temporaryFolder, waitFor } from '../../support/servers/server-process.ts';
import type { TemporalServer } from '../../support/servers/temporal.ts';
import { execute, startWorker } from '../../support/temporal/scene.ts';
import { startStage } from '../../support/temporal/stage.ts';

// One server, and a deployment for each test.
describe('workflows on a real Temporal server', { concurrency: true }, () => {
  const endings = new Endings();
  let server: TemporalServer;
  let client: Client;
  let bundle: string;

  before(async () => {
    if (findBinary('temporal') === undefined) return;
    ({ server, client, bundle } = await startStage(endings));
  });

  after(async () => endings.run());

  test('a client starts each of them', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'each';
    const commands = new FakeCommands(deployment);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    for (const name of ['install', 'upgrade', 'restart', 'rollback', 'uninstall']) {
      const payload = { app: 'teradata', commandId: `each-${name}` };
      const result = v.parse(appResult, await execute(client, deployment, name, payload, name));
      assert.equal(result.command, name);
      assert.equal(result.outcome, 'done');
    }
    const run = async (name: string): Promise<unknown> =>
      execute(client, deployment, name, {}, name);
    assert.equal(v.parse(statusResult, await run('status')).deployment, deployment);
    assert.equal(v.parse(reconcileResult, await run('reconcile')).dryRun, false);
    assert.equal(v.parse(selfUpdateResult, await run('selfUpdate')).outcome, 'done');
    assert.deepEqual(
      commands.calls.slice(-2),
      // Asked again, by the same id, after it had handed over.
      ['selfUpdate selfUpdate', 'selfUpdate selfUpdate'],
    );
  });

  test('duplicates of a command change nothing, whatever their workflow is called', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'duplicates';
    const commands = new FakeCommands(deployment);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const payload = { app: 'teradata', commandId: 'wish-1' };
    const results = await Promise.all(
      ['d-1', 'd-2', 'd-3'].map(async (id) => execute(client, deployment, 'install', payload, id)),
    );
    assert.deepEqual(
      results.map((result) => v.parse(appResult, result).outcome),
      ['done', 'done', 'done'],
    );
    assert.deepEqual(commands.changes, ['install teradata wish-1']);
  });

  test('a workflow that is already running is not started again', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'running';
    const commands = new FakeCommands(deployment);
    const end = Promise.withResolvers<undefined>();
    commands.behaviour = async () => end.promise;
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const payload = { app: 'teradata' };
    const first = execute(client, deployment, 'install', payload, 'wish-2');
    await waitFor('the command', () => (commands.calls.length > 0 ? true : undefined));
    await assert.rejects(
      execute(client, deployment, 'install', payload, 'wish-2'),
      WorkflowExecutionAlreadyStartedError,
    );
    end.resolve(undefined);
    await first;
    assert.deepEqual(commands.calls, ['install teradata wish-2']);
  });

  test('a failure arrives with its reason and all of its log lines', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'failure';
    const commands = new FakeCommands(deployment);
    const logs = Array.from({ length: 50 }, (_, line) => `${line} ${'x'.repeat(500)}`);
    commands.behaviour = () => fakeFailure({ logs });
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const { type, message, details } = await failure(
      execute(client, deployment, 'upgrade', { app: 'teradata' }, 'failure-1'),
    );
    assert.equal(type, 'CONTAINER_UNHEALTHY');
    assert.equal(message, 'teradata.green was not healthy within 120 s');
    const result = v.parse(appResult, details?.[0]);
    assert.ok(result.outcome === 'failed');
    assert.deepEqual(result.failure.logs, logs);
  });

  test('a payload that is not usable fails at once', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'payload';
    const commands = new FakeCommands(deployment);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const { type, message } = await failure(
      execute(client, deployment, 'install', { application: 'teradata' }, 'payload-1'),
    );
    assert.equal(type, 'PAYLOAD_INVALID');
    assert.match(message, /app/);
    assert.deepEqual(commands.calls, []);
  });

  test('what may succeed later is tried again', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'retry';
    const commands = new FakeCommands(deployment);
    commands.behaviour = () =>
      commands.calls.length === 1
        ? fakeFailure({ code: 'REGISTRY_RATE_LIMITED', retryable: true })
        : undefined;
    await startWorker(t, { deployment, bundle, commands, settings: server });
    await execute(client, deployment, 'install', { app: 'teradata' }, 'retry-1');
    assert.deepEqual(commands.calls, ['install teradata retry-1', 'install teradata retry-1']);
  });

  test('a cancellation ends a command that has not reached its commit point', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'cancel';
    const commands = new FakeCommands(deployment);
    commands.behaviour = async (_, options) => untilAborted(options);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const handle = await client.workflow.start('install', {
      taskQueue: `atlan-sdr-${deployment}`,
      workflowId: 'cancel-1',
      args: [{ app: 'teradata' }],
    });
    await waitFor('the command', () => (commands.calls.length > 0 ? true : undefined));
    await handle.cancel();
    await assert.rejects(
      handle.result(),
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    assert.deepEqual(commands.changes, []);
  });

  test('a cancellation that comes too late makes no cancelled workflow', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'late';
    const commands = new FakeCommands(deployment);
    commands.behaviour = async (_, options) => untilAborted(options).catch(() => undefined);
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const handle = await client.workflow.start('install', {
      taskQueue: `atlan-sdr-${deployment}`,
      workflowId: 'late-1',
      args: [{ app: 'teradata' }],
    });
    await waitFor('the command', () => (commands.calls.length > 0 ? true : undefined));
    await handle.cancel();
    assert.equal(v.parse(appResult, await handle.result()).outcome, 'done');
  });

  test('where a command is can be seen from outside', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'progress';
    const commands = new FakeCommands(deployment);
    const end = Promise.withResolvers<undefined>();
    commands.behaviour = async (_, { onProgress }) => {
      onProgress?.({ step: 'pull', message: 'layer 1 of 3' });
      return end.promise;
    };
    await startWorker(t, { deployment, bundle, commands, settings: server });
    const handle = await client.workflow.start('install', {
      taskQueue: `atlan-sdr-${deployment}`,
      workflowId: 'progress-1',
      args: [{ app: 'teradata' }],
    });
    await waitFor('the heartbeat', async () => {
      const { raw } = await handle.describe();
      const data = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data;
      return data?.length ? Buffer.from(data).toString().includes('layer 1 of 3') : undefined;
    });
    end.resolve(undefined);
    await handle.result();
  });

  test('the control plane hears of a change, and of nothing that failed', async (t) => {
    if (!requireServer(t, 'temporal')) return;
    const deployment = 'callback';
    const { path: folder, remove } = await temporaryFolder('outbox');
    t.after(remove);
    const controlPlane = await startControlPlane();
    t.after(controlPlane.stop);
    const outbox = await openOutbox({ folder });
    const callback = createCallbackDuty({
      target: { url: controlPlane.url, tokens: apiKeyTokens(new Secret('token')), env: {} },
      outbox,
    });
    await callback.start();
    t.after(async () => callback.stop());
    const fake = new FakeCommands(deployment);
    const commands = createReportingCommands(fake, { deployment, outbox });
    await startWorker(t, { deployment, bundle, commands, settings: server });
    await execute(client, deployment, 'install', { app: 'teradata' }, 'callback-1');
    fake.behaviour = () => fakeFailure();
    await failure(execute(client, deployment, 'upgrade', { app: 'teradata' }, 'callback-2'));
    await waitFor('the event', () => controlPlane.events[0]);
    assert.deepEqual(
      controlPlane.events.map(({ id }) => id),
      ['callback/teradata/callback-1'],
    );
  });
});

async function failure(execution: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await execution.then(
    () => assert.fail('succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
  return error.cause;
}

async function startControlPlane(): Promise<{
  readonly url: URL;
  readonly events: readonly DeploymentEvent[];
  readonly stop: () => Promise<void>;
}> {
  const events: DeploymentEvent[] = [];
  const listener = createServer((request, response) => {
    void (async () => {
      events.push(v.parse(deploymentEvent, JSON.parse(await bodyOf(request))));
      response.writeHead(204).end();
    })();
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`),
    events,
    stop: async () => {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return (await request.map((chunk: Buffer) => chunk.toString()).toArray()).join('');
}
