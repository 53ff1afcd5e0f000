import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentEvent } from '../../../../src/orchestrator/callback/deployment-event.ts';
import type { Outbox } from '../../../../src/orchestrator/callback/outbox.ts';
import {
  createReportingCommands,
  type ReportingCommands,
} from '../../../../src/orchestrator/callback/reporting-commands.ts';
import type {
  ContainerStatus,
  ReconcileResult,
  StatusResult,
} from '../../../../src/orchestrator/commands.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { FakeCommands, fakeFailure, fakeVersion } from '../../../fakes/fake-commands.ts';

class FakeOutbox implements Outbox {
  readonly events: DeploymentEvent[] = [];
  isFull = false;

  async put(event: DeploymentEvent): Promise<void> {
    if (this.isFull) throw new Error('ENOSPC: no space left on device');
    this.events.push(event);
  }

  async entries(): Promise<readonly []> {
    return [];
  }

  async remove(): Promise<void> {
    throw new Error('nobody delivers here');
  }

  onPut(): void {
    throw new Error('nobody delivers here');
  }
}

/** A reconcile that upgraded `teradata`, kept `snowflake`, and could not start `tableau`. */
class ReconcilingCommands extends FakeCommands {
  override async reconcile(): Promise<ReconcileResult> {
    const from = fakeVersion({ app: 'teradata', version: '0.9.0' });
    return {
      dryRun: false,
      actions: [
        { app: 'teradata', action: 'upgrade', reason: 'newer', outcome: 'done', from },
        { app: 'snowflake', action: 'keep', reason: 'newest', outcome: 'unchanged' },
        { app: 'tableau', action: 'start', reason: 'exited', outcome: 'failed' },
      ],
      warnings: [],
    };
  }

  override async status({ app }: { readonly app?: string } = {}): Promise<StatusResult> {
    const current = container(app ?? 'orchestrator');
    return {
      deployment: 'prod',
      orchestrator: container('orchestrator'),
      apps: [{ app: app ?? '', current, others: [] }],
    };
  }
}

function container(app: string): ContainerStatus {
  return {
    ...fakeVersion({ app }),
    name: app,
    containerId: 'c1',
    state: 'running',
    health: 'healthy',
    restartCount: 0,
    commandId: `made-${app}`,
  };
}

interface Scene {
  readonly reporting: ReportingCommands;
  readonly outbox: FakeOutbox;
  readonly commands: FakeCommands;
}

function scene(commands: FakeCommands = new FakeCommands()): Scene {
  const outbox = new FakeOutbox();
  const clock = new FakeClock();
  const reporting = createReportingCommands(commands, { deployment: 'prod', outbox, clock });
  return { reporting, outbox, commands };
}

const TERADATA = { app: 'teradata', commandId: 'wish-1' };

test('a change leaves one event, the same in every repetition', async () => {
  const { reporting, outbox } = scene();
  await reporting.install(TERADATA);
  await reporting.install(TERADATA);
  const [first, second] = outbox.events;
  assert.deepEqual(first, {
    id: 'prod/teradata/wish-1',
    type: 'deployment.changed',
    at: '2026-01-01T00:00:00.000Z',
    deployment: 'prod',
    app: 'teradata',
    commandId: 'wish-1',
    serving: fakeVersion({ app: 'teradata' }),
  });
  assert.equal(second?.id, first?.id);
});

test('every command that changes something leaves one; an uninstall says that nothing serves', async () => {
  const { reporting, outbox } = scene();
  for (const name of ['install', 'upgrade', 'restart', 'rollback', 'uninstall'] as const) {
    await reporting[name]({ app: 'teradata', commandId: name });
  }
  assert.deepEqual(
    outbox.events.map(({ commandId, serving }) => [commandId, serving?.version]),
    [
      ['install', '1.0.0'],
      ['upgrade', '1.0.0'],
      ['restart', '1.0.0'],
      ['rollback', '0.9.0'],
      ['uninstall', undefined],
    ],
  );
});

test('a command that fails leaves none: its workflow tells', async () => {
  const { reporting, outbox, commands } = scene();
  commands.behaviour = () => fakeFailure();
  const result = await reporting.upgrade(TERADATA);
  assert.equal(result.outcome, 'failed');
  assert.deepEqual(outbox.events, []);
});

test('an event that cannot be noted is a warning, never a failure', async () => {
  const { reporting, outbox, commands } = scene();
  outbox.isFull = true;
  const result = await reporting.install(TERADATA);
  assert.equal(result.outcome, 'done');
  assert.match(result.warnings.join(), /not told of this.*ENOSPC/);
  assert.deepEqual(commands.changes, ['install teradata wish-1']);
});

test('a self-update leaves one when it is done, not while it hands over', async () => {
  const { reporting, outbox } = scene();
  await reporting.selfUpdate({ commandId: 'self-1' });
  assert.deepEqual(outbox.events, []);
  await reporting.selfUpdate({ commandId: 'self-1' });
  assert.deepEqual(
    outbox.events.map(({ id, app }) => [id, app]),
    [['prod//self-1', undefined]],
  );
});

test('a reconcile leaves one for each app it changed, from what then serves', async () => {
  const { reporting, outbox } = scene(new ReconcilingCommands());
  await reporting.reconcile();
  assert.deepEqual(
    outbox.events.map(({ id, serving, previous }) => [id, serving?.version, previous?.version]),
    [['prod/teradata/made-teradata', '1.0.0', '0.9.0']],
  );
});

test('an orchestrator that has taken over tells which version it is', async () => {
  const { reporting, outbox } = scene(new ReconcilingCommands());
  await reporting.reportSelf();
  assert.deepEqual(
    outbox.events.map(({ id, app, serving }) => [id, app, serving]),
    [['prod//made-orchestrator', undefined, fakeVersion({ app: 'orchestrator' })]],
  );
});

test('looking changes nothing, and leaves none', async () => {
  const { reporting, outbox } = scene();
  await reporting.status();
  await reporting.reconcile({ dryRun: true });
  await reporting.reportSelf();
  assert.deepEqual(outbox.events, []);
});
