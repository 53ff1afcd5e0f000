import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { silentLogger } from '../../../src/log.ts';
import { createTemporalDuty } from '../../../src/orchestrator/temporal/duty.ts';
import { loadTemporalSdk } from '../../../src/orchestrator/temporal/sdk.ts';
import { FakeCommands, fakeFailure, untilAborted } from '../../fakes/fake-commands.ts';
import { waitFor } from '../servers/server-process.ts';
import { startTemporal, temporalClient } from '../servers/temporal.ts';
import { bundleWorkflows } from './bundle.ts';

// Records histories of workflows on a real server, for test/unit/orchestrator/temporal/replay.test.ts:
//   node test/support/temporal/record-histories.ts --version 0.1.0 && npm run format
// A history is never recorded again once a version has been released with it: its workflows may still run somewhere.

interface Scenario {
  readonly workflow: string;
  readonly payload: object;
  readonly prepare?: (commands: FakeCommands) => void;
  readonly cancel?: boolean;
}

const app = 'teradata';
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  install: { workflow: 'install', payload: { app } },
  upgrade: { workflow: 'upgrade', payload: { app, image: 'atlanhq/atlan-teradata-app:3.1.4' } },
  restart: { workflow: 'restart', payload: { app } },
  rollback: { workflow: 'rollback', payload: { app } },
  uninstall: { workflow: 'uninstall', payload: { app } },
  status: { workflow: 'status', payload: {} },
  reconcile: { workflow: 'reconcile', payload: { dryRun: true } },
  'self-update': {
    workflow: 'selfUpdate',
    payload: {},
    prepare: (commands) => {
      commands.handovers = 2;
    },
  },
  'upgrade-failed': {
    workflow: 'upgrade',
    payload: { app },
    prepare: (commands) => {
      commands.behaviour = () => fakeFailure();
    },
  },
  'upgrade-cancelled': {
    workflow: 'upgrade',
    payload: { app },
    prepare: (commands) => {
      commands.behaviour = async (_, options) => untilAborted(options);
    },
    cancel: true,
  },
};

const { values } = parseArgs({ options: { version: { type: 'string' } } });
if (values.version === undefined) throw new Error('--version: the version of the workflows');
const folder = join(import.meta.dirname, '../../fixtures/histories', values.version);
await mkdir(folder, { recursive: true });

const bundle = await bundleWorkflows();
const server = await startTemporal();
const { client, close } = await temporalClient(server.address);
const sdk = await loadTemporalSdk();
for (const [name, { workflow, payload, prepare, cancel }] of Object.entries(SCENARIOS)) {
  const commands = new FakeCommands('prod');
  prepare?.(commands);
  const duty = createTemporalDuty({
    sdk,
    settings: {
      address: server.address,
      namespace: 'default',
      taskQueue: 'atlan-sdr-prod',
      tls: undefined,
    },
    commands,
    bundle: bundle.path,
    env: {},
    logger: silentLogger,
  });
  await duty.start();
  const handle = await client.workflow.start(workflow, {
    taskQueue: 'atlan-sdr-prod',
    workflowId: name,
    args: [payload],
  });
  if (cancel === true) {
    await waitFor('the command', () => (commands.calls.length > 0 ? true : undefined));
    await handle.cancel();
  }
  // Some are meant to fail.
  await handle.result().catch(() => undefined);
  const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()));
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(history, anonymous, 2)}\n`);
  await duty.stop();
}
await close();
await server.stop();
await bundle.remove();

/** Leaves out what names this machine and its folders. */
function anonymous(key: string, value: unknown): unknown {
  if (key === 'stackTrace' || key === 'identity') return undefined;
  return typeof value === 'string' ? value.replace(/^\d+@.+$/, 'recorded') : value;
}
