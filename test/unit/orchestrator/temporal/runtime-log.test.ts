import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEntry, RuntimeOptions } from '@temporalio/worker';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import { installRuntime, type TemporalSdk } from '../../../../src/orchestrator/temporal/sdk.ts';

type Say = (entry: Pick<LogEntry, 'level' | 'message' | 'meta'>) => void;

test('one runtime is set up; it takes no signals, and only its errors are the operators', () => {
  const installed: RuntimeOptions[] = [];
  const says: Say[] = [];
  function DefaultLogger(_level: string, say: Say): void {
    says.push(say);
  }
  const Runtime = { install: (options: RuntimeOptions) => installed.push(options) };
  const sdk = { worker: { DefaultLogger, Runtime } } as unknown as TemporalSdk;
  const lines: LogRecord[] = [];
  const logger = createLogger((line) => lines.push(line));
  installRuntime(sdk, logger);
  installRuntime(sdk, logger);
  assert.equal(installed.length, 1);
  assert.deepEqual(installed[0]?.shutdownSignals, []);
  assert.equal(installed[0]?.telemetryOptions?.metrics, undefined);
  const [say] = says;
  assert.ok(say !== undefined);
  say({ level: 'WARN', message: 'gRPC call poll_activity_task_queue retried 12 times' });
  say({ level: 'ERROR', message: 'Worker failed', meta: { error: new Error('why') } });
  assert.deepEqual(lines, [
    {
      level: 'debug',
      message: 'temporal: gRPC call poll_activity_task_queue retried 12 times',
      fields: {},
    },
    { level: 'warn', message: 'temporal: Worker failed', fields: { reason: 'why' } },
  ]);
});
