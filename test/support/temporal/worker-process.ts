import { parseArgs } from 'node:util';
import { createLogger } from '../../../src/log.ts';
import { createTemporalDuty } from '../../../src/orchestrator/temporal/duty.ts';
import { loadTemporalSdk } from '../../../src/orchestrator/temporal/sdk.ts';
import { apiKeyTokens } from '../../../src/orchestrator/temporal/tokens.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeCommands } from '../../fakes/fake-commands.ts';

// A worker in a process of its own, for what cannot be done to one's own process. Says on stdout what it does.
const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '' },
    deployment: { type: 'string', default: '' },
    bundle: { type: 'string', default: '' },
    'api-key': { type: 'string', default: '' },
    // Its commands begin, and never end.
    hang: { type: 'boolean', default: false },
  },
});
const { address, deployment, bundle, hang } = values;
const commands = new FakeCommands(deployment);
commands.behaviour = async ({ commandId }) => {
  process.stdout.write(`began ${commandId}\n`);
  return hang ? new Promise(() => undefined) : undefined;
};
const duty = createTemporalDuty({
  sdk: await loadTemporalSdk(),
  settings: {
    address,
    namespace: 'default',
    taskQueue: `atlan-sdr-${deployment}`,
    tls: undefined,
  },
  tokens: apiKeyTokens(new Secret(values['api-key'])),
  commands,
  bundle,
  env: {},
  logger: createLogger(({ message, fields }) => {
    process.stdout.write(`${duty.status().state}: ${message} ${fields['reason'] ?? ''}\n`);
  }),
});
await duty.start();
