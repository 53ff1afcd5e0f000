import { parseArgs } from 'node:util';
import { createLogger } from '../../../src/log.ts';
import { createTemporalDuty } from '../../../src/orchestrator/temporal/duty.ts';
import { loadTemporalSdk } from '../../../src/orchestrator/temporal/sdk.ts';
import { FakeCommands } from '../../fakes/fake-commands.ts';

// A worker in a process of its own, to be killed. Its commands begin, and never end.
const { values } = parseArgs({
  options: {
    address: { type: 'string' },
    deployment: { type: 'string' },
    bundle: { type: 'string' },
  },
});
const { address = '', deployment = '', bundle = '' } = values;
const commands = new FakeCommands(deployment);
commands.behaviour = async ({ commandId }) => {
  process.stdout.write(`began ${commandId}\n`);
  return new Promise(() => undefined);
};
const duty = createTemporalDuty({
  sdk: await loadTemporalSdk(),
  settings: {
    address,
    namespace: 'default',
    taskQueue: `atlan-sdr-${deployment}`,
    tls: undefined,
  },
  commands,
  bundle,
  env: {},
  logger: createLogger(({ message }) => {
    process.stdout.write(`${message}\n`);
  }),
});
await duty.start();
