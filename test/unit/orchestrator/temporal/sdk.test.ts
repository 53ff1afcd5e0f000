import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { loadTemporalSdk } from '../../../../src/orchestrator/temporal/sdk.ts';

function missing(code: string): (name: string) => Promise<never> {
  return async (name) => {
    throw Object.assign(new Error(`${name} is not there`), { code });
  };
}

test('without the packages it names the command that installs them', async () => {
  await assert.rejects(
    loadTemporalSdk(missing('ERR_MODULE_NOT_FOUND')),
    (error) =>
      error instanceof ConfigError &&
      error.message.includes(
        'npm install @temporalio/activity @temporalio/common @temporalio/worker',
      ),
  );
});

test('on a platform without them it says which there are', async () => {
  await assert.rejects(
    loadTemporalSdk(missing('ERR_DLOPEN_FAILED')),
    (error) => error instanceof ConfigError && /Linux with glibc/.test(error.message),
  );
});
