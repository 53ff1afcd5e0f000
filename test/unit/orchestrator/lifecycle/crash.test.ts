import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppResult, Commands } from '../../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../../src/orchestrator/create-commands.ts';
import { mortal } from '../../../fakes/container-engine-crash.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';
import { AppMachine, programs } from '../../../support/orchestrator/app-world.ts';

const APP = 'teradata';
const NAME = 'atlan-teradata-prod';
const POINTS = Array.from({ length: 14 }, (_, index) => index + 1);

/** Each command on an app that was upgraded once, and what it comes to. */
const COMMANDS: Readonly<
  Record<
    string,
    {
      readonly call: (commands: Commands) => Promise<AppResult>;
      readonly serves: string | undefined;
      readonly images: readonly string[];
    }
  >
> = {
  upgrade: {
    call: async (commands) =>
      commands.upgrade({ app: APP, commandId: 'c', image: 'atlanhq/teradata:3' }),
    serves: '3',
    images: ['2', '3'],
  },
  'upgrade to a bad version': {
    call: async (commands) =>
      commands.upgrade({ app: APP, commandId: 'c', image: 'atlanhq/teradata:bad' }),
    serves: '2',
    images: ['1', '2'],
  },
  rollback: {
    call: async (commands) => commands.rollback({ app: APP, commandId: 'c' }),
    serves: '1',
    images: ['1', '2'],
  },
  restart: {
    call: async (commands) => commands.restart({ app: APP, commandId: 'c' }),
    serves: '2',
    images: ['1', '2'],
  },
  uninstall: {
    call: async (commands) => commands.uninstall({ app: APP, commandId: 'c' }),
    serves: undefined,
    images: [],
  },
};

for (const swap of ['blue-green', 'stop-first'] as const) {
  for (const [name, { call, serves, images }] of Object.entries(COMMANDS)) {
    test(`${swap}, ${name}: a re-run converges after a crash at every step`, async () => {
      let deaths = 0;
      for (const point of POINTS) {
        const machine = await upgradedOnce(swap);
        const { engine, effects } = mortal(machine.engine, point);
        await call(createCommands(machine.world(engine)));
        if (effects.length === point) deaths += 1;
        const result = await call(createCommands(machine.world()));
        const context = `${effects.join(', ')} → ${JSON.stringify(result)}`;
        assert.equal(result.outcome === 'failed', name.includes('bad'), context);
        assert.equal(result.serving?.version, serves, context);
        assert.deepEqual(
          machine.engine.states,
          serves === undefined ? {} : { [NAME]: 'running' },
          context,
        );
        const left = await imagesOf(machine);
        if (serves === undefined) continue; // A crash in an uninstall may leave images.
        assert.deepEqual(left, images, context);
      }
      assert.ok(deaths > 2);
    });

    test(`${swap}, ${name}: reconciling alone mends a crash at every step`, async () => {
      for (const point of POINTS) {
        const machine = await upgradedOnce(swap);
        const { engine, effects } = mortal(machine.engine, point);
        await call(createCommands(machine.world(engine)));
        const { actions } = await createCommands(machine.world()).reconcile();
        const context = `${effects.join(', ')} → ${JSON.stringify(actions)}`;
        assert.ok(
          actions.every(({ outcome }) => outcome !== 'failed'),
          context,
        );
        const states = machine.engine.states;
        if (serves === undefined && Object.keys(states).length === 0) continue;
        assert.deepEqual(states, { [NAME]: 'running' }, context);
      }
    });
  }
}

async function upgradedOnce(swap: 'blue-green' | 'stop-first'): Promise<AppMachine> {
  const { good, unhealthy } = programs;
  const machine = new AppMachine().publish({ '1': good, '2': good, '3': good, bad: unhealthy });
  machine.apps.swap = swap;
  const commands = createCommands(machine.world());
  for (const version of ['1', '2']) {
    const image = `atlanhq/teradata:${version}`;
    await commands.install({ app: APP, commandId: `to-${version}`, image });
  }
  return machine;
}

async function imagesOf(machine: AppMachine): Promise<readonly string[]> {
  const here: string[] = [];
  for (const version of ['1', '2', '3', 'bad']) {
    if ((await machine.engine.inspectImage(imageNamed(version))) !== undefined) here.push(version);
  }
  return here;
}
