import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Commands, ReconcileActionResult } from '../../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../../src/orchestrator/create-commands.ts';
import { mortal } from '../../../fakes/container-engine-crash.ts';
import { AppMachine, programs } from '../../../support/orchestrator/app-world.ts';

const APP = 'teradata';
const NAME = 'atlan-teradata-prod';

async function running(): Promise<{ readonly machine: AppMachine; readonly commands: Commands }> {
  const { good, unhealthy, unstartable } = programs;
  const once = { ...good, ends: { afterMs: 30_000, exitCode: 0, runs: 1 } };
  const machine = new AppMachine().publish({
    '1': good,
    '2': good,
    bad: unhealthy,
    once,
    unstartable,
  });
  const commands = createCommands(machine.world());
  await commands.install({ app: APP, commandId: 'first', image: 'atlanhq/teradata:1' });
  machine.releases.announce([{ image: 'atlanhq/teradata:1', appName: APP }]);
  return { machine, commands };
}

/** What was done about the app, without what was left alone. */
function done(actions: readonly ReconcileActionResult[]): readonly (readonly string[])[] {
  return actions
    .filter(({ action }) => action !== 'keep')
    .map(({ action, outcome }) => [action, outcome]);
}

test('nothing to do does nothing, and says why', async () => {
  const { machine, commands } = await running();
  const { engine, effects } = mortal(machine.engine, Number.POSITIVE_INFINITY);
  const { actions, warnings } = await createCommands(machine.world(engine)).reconcile();
  assert.deepEqual(
    actions.map(({ app, action, reason }) => [app, action, reason]),
    [[APP, 'keep', 'atlanhq/teradata:1 is the latest release']],
  );
  assert.deepEqual([effects, warnings], [[], []]);
  assert.equal((await commands.status()).apps[0]?.current?.commandId, 'first');
});

test('what should run is started', async () => {
  const { machine, commands } = await running();
  const container = await machine.engine.inspect(NAME);
  assert.ok(container !== undefined);
  await machine.engine.stop(container.id, 10);
  assert.deepEqual(done((await commands.reconcile({ dryRun: true })).actions), [
    ['start', 'planned'],
  ]);
  assert.equal(machine.engine.states[NAME], 'exited');
  assert.deepEqual(done((await commands.reconcile()).actions), [['start', 'done']]);
  assert.equal(machine.engine.states[NAME], 'running');
});

test('a release is followed where auto_update is on, once', async () => {
  const { machine, commands } = await running();
  machine.releases.announce([{ image: 'atlanhq/teradata:2', appName: APP, version: '2.0' }]);
  const off = await commands.reconcile();
  assert.deepEqual(done(off.actions), []);
  assert.match(off.actions[0]?.reason ?? '', /auto_update is off/);
  machine.apps.automatic.add(APP);
  const planned = await commands.reconcile({ dryRun: true });
  assert.deepEqual(done(planned.actions), [['upgrade', 'planned']]);
  assert.equal(planned.actions[0]?.to, 'atlanhq/teradata:2');
  assert.deepEqual(done((await commands.reconcile()).actions), [['upgrade', 'done']]);
  assert.equal((await commands.status()).apps[0]?.current?.version, '2.0');
  assert.deepEqual(done((await commands.reconcile()).actions), []);
});

test('what was rolled back from is not upgraded to by itself', async () => {
  const { machine, commands } = await running();
  machine.apps.automatic.add(APP);
  machine.releases.announce([{ image: 'atlanhq/teradata:2', appName: APP }]);
  await commands.reconcile();
  await commands.rollback({ app: APP, commandId: 'back' });
  const { actions } = await commands.reconcile();
  assert.match(actions[0]?.reason ?? '', /was rolled back from/);
  await commands.restart({ app: APP, commandId: 'again' });
  assert.deepEqual(done((await commands.reconcile()).actions), [], 'a restart does not forget it');
  machine.releases.announce([{ image: 'atlanhq/teradata:once', appName: APP }]);
  assert.deepEqual(done((await commands.reconcile()).actions), [['upgrade', 'done']]);
});

test('a bad release is tried again later, and later each time', async () => {
  const { machine, commands } = await running();
  machine.apps.automatic.add(APP);
  machine.releases.announce([{ image: 'atlanhq/teradata:bad', appName: APP }]);
  const { actions } = await commands.reconcile();
  assert.deepEqual(done(actions), [['upgrade', 'failed']]);
  assert.equal(actions[0]?.failure?.code, 'CONTAINER_UNHEALTHY');
  const tries: number[] = [];
  for (let hour = 1; hour <= 12; hour += 1) {
    machine.engine.advance(3_600_000);
    if (done((await commands.reconcile()).actions).length > 0) tries.push(hour);
  }
  assert.deepEqual(tries, [2, 6]);
  assert.equal((await commands.status()).apps[0]?.current?.version, '1');
});

test('releases that cannot be asked for keep nothing from being mended', async () => {
  const { machine, commands } = await running();
  machine.releases.fail('away');
  const container = await machine.engine.inspect(NAME);
  assert.ok(container !== undefined);
  await machine.engine.stop(container.id, 10);
  const { actions, warnings } = await commands.reconcile();
  assert.deepEqual(done(actions), [['start', 'done']]);
  assert.deepEqual(warnings, ['the releases could not be asked for: away']);
});

test('one app in trouble does not keep the others waiting', async () => {
  const { machine, commands } = await running();
  await commands.install({ app: 'other', commandId: 'o', image: 'atlanhq/other:1' });
  machine.apps.automatic.add(APP).add('other');
  machine.releases.announce([
    { image: 'atlanhq/teradata:missing', appName: APP },
    { image: 'atlanhq/other:2', appName: 'other' },
  ]);
  assert.deepEqual(done((await commands.reconcile()).actions), [
    ['upgrade', 'done'],
    ['upgrade', 'failed'],
  ]);
});

test('an engine that is away is a warning', async () => {
  const { machine, commands } = await running();
  machine.engine.goDown();
  const { actions, warnings } = await commands.reconcile();
  assert.deepEqual(actions, []);
  assert.match(warnings[0] ?? '', /nothing could be looked at: nothing listens/);
});

test('a command under way is waited for, not repaired', async () => {
  const { machine, commands } = await running();
  const upgraded = commands.upgrade({ app: APP, commandId: 'up', image: 'atlanhq/teradata:2' });
  const { actions } = await commands.reconcile();
  assert.equal((await upgraded).outcome, 'done');
  assert.deepEqual(done(actions), []);
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
});
