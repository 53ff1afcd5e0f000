import type { TestContext } from 'node:test';
import type { Client } from '@temporalio/client';
import { createLogger, type Logger, type LogRecord } from '../../../src/log.ts';
import type { Commands } from '../../../src/orchestrator/commands.ts';
import type { TemporalSettings } from '../../../src/orchestrator/temporal/connection.ts';
import { createTemporalDuty, type TemporalDuty } from '../../../src/orchestrator/temporal/duty.ts';
import { loadTemporalSdk } from '../../../src/orchestrator/temporal/sdk.ts';
import type { TokenSource } from '../../../src/orchestrator/temporal/tokens.ts';
import type { Environment } from '../../../src/registry/http/agents.ts';

/** What `t` of a test or of a suite can do for us. */
export type Cleanup = Pick<TestContext, 'after'>;

/** A started orchestrator, as far as Temporal sees one. */
export interface RunningWorker {
  readonly duty: TemporalDuty;
  readonly log: readonly LogRecord[];
}

/** Starts a worker in this process, and stops it after the test. */
export async function startWorker(
  t: Cleanup,
  options: {
    readonly deployment: string;
    readonly bundle: string;
    readonly commands: Commands;
    readonly settings: Partial<TemporalSettings> & Pick<TemporalSettings, 'address'>;
    readonly tokens?: TokenSource;
    readonly env?: Environment;
  },
): Promise<RunningWorker> {
  const log: LogRecord[] = [];
  const logger: Logger = createLogger((line) => log.push(line));
  const duty = createTemporalDuty({
    sdk: await loadTemporalSdk(),
    env: {},
    ...options,
    settings: {
      namespace: 'default',
      taskQueue: `atlan-sdr-${options.deployment}`,
      tls: undefined,
      ...options.settings,
    },
    logger,
  });
  t.after(async () => duty.stop());
  await duty.start();
  return { duty, log };
}

/** Starts a workflow as the control plane does, and gives its result. */
export async function execute(
  client: Client,
  deployment: string,
  workflow: string,
  payload: object,
  workflowId: string,
): Promise<unknown> {
  return client.workflow.execute(workflow, {
    taskQueue: `atlan-sdr-${deployment}`,
    workflowId,
    args: [payload],
  });
}
