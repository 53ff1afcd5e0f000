import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Commands } from '../../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../../src/orchestrator/create-commands.ts';
import { AppMachine, programs } from '../../../support/orchestrator/app-world.ts';

const APP = 'teradata';
const NAME = 'atlan-teradata-prod';
const UPGRADE = { app: APP, commandId: 'upgrade', image: 'atlanhq/teradata:2' };

/** What an operator, or the orchestrator on duty, may do while a command of another process runs. */
const MEANWHILE: Readonly<Record<string, (commands: Commands) => Promise<unknown>>> = {
  reconciling: async (commands) => commands.reconcile(),
  'the same upgrade': async (commands) => commands.upgrade(UPGRADE),
  'another upgrade': async (commands) =>
    commands.upgrade({ ...UPGRADE, commandId: 'other', image: 'atlanhq/teradata:3' }),
  'a restart': async (commands) => commands.restart({ app: APP, commandId: 'restart' }),
};

// Commands wait for each other within one process alone. Between two the container's name decides.
for (const swap of ['blue-green', 'stop-first'] as const) {
  for (const [what, act] of Object.entries(MEANWHILE)) {
    test(`${swap}: ${what} by another process leaves one version serving, and a re-run converges`, async () => {
      let meetings = 0;
      for (let moment = 1; moment <= 12; moment += 1) {
        const machine = await serving(swap);
        let other: Promise<unknown> | undefined;
        let moments = 0;
        await createCommands(machine.world()).upgrade(UPGRADE, {
          onProgress: () => {
            moments += 1;
            if (moments === moment) other = act(createCommands(machine.world()));
          },
        });
        if (other !== undefined) meetings += 1;
        await other;
        const context = `moment ${moment}: ${JSON.stringify(machine.engine.states)}`;
        await createCommands(machine.world()).reconcile();
        assert.deepEqual(machine.engine.states, { [NAME]: 'running' }, context);
        const again = { ...UPGRADE, commandId: 'again' };
        const { outcome } = await createCommands(machine.world()).upgrade(again);
        assert.notEqual(outcome, 'failed', context);
        assert.deepEqual(machine.engine.states, { [NAME]: 'running' }, context);
      }
      assert.ok(meetings > 8, `only ${meetings} met`);
    });
  }
}

async function serving(swap: 'blue-green' | 'stop-first'): Promise<AppMachine> {
  const { good } = programs;
  const machine = new AppMachine().publish({ '1': good, '2': good, '3': good });
  machine.apps.swap = swap;
  const first = { app: APP, commandId: 'first', image: 'atlanhq/teradata:1' };
  await createCommands(machine.world()).install(first);
  return machine;
}
