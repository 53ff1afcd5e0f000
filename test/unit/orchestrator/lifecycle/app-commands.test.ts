import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../../src/errors.ts';
import type { AppResult, Commands, Step } from '../../../../src/orchestrator/commands.ts';
import { createCommands } from '../../../../src/orchestrator/create-commands.ts';
import { imageNamed } from '../../../fakes/container-engine-specs.ts';
import { AppMachine, programs } from '../../../support/orchestrator/app-world.ts';

const APP = 'teradata';
const NAME = 'atlan-teradata-prod';

const request = (
  version: string,
  commandId: string = `to-${version}`,
): { readonly app: string; readonly commandId: string; readonly image: string } => ({
  app: APP,
  commandId,
  image: `atlanhq/teradata:${version}`,
});

/** A machine on which the app runs in these versions, one after the other. */
async function running(...versions: readonly string[]): Promise<{
  readonly machine: AppMachine;
  readonly commands: Commands;
}> {
  const machine = new AppMachine().publish({
    '1.0.0': programs.good,
    '2.0.0': programs.good,
    '3.0.0': programs.good,
    bad: { ...programs.unhealthy, log: [{ stream: 'stderr', text: 'password=hunter22 refused' }] },
  });
  const commands = createCommands(machine.world());
  for (const version of versions) {
    const result = await commands.install(request(version));
    assert.equal(result.outcome, 'done', JSON.stringify(result));
  }
  return { machine, commands };
}

async function assertServing(machine: AppMachine, version: string): Promise<void> {
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
  assert.deepEqual(machine.engine.behind('atlan', APP), [NAME]);
  const image = await machine.engine.inspectImage(imageNamed(version));
  assert.equal((await machine.engine.inspect(NAME))?.imageId, image?.id);
}

async function isHere(machine: AppMachine, version: string): Promise<boolean> {
  return (await machine.engine.inspectImage(imageNamed(version))) !== undefined;
}

function failureOf(result: AppResult): Extract<AppResult, { outcome: 'failed' }>['failure'] {
  assert.ok(result.outcome === 'failed', JSON.stringify(result));
  return result.failure;
}

test('install: the app serves, and the same command again changes nothing', async () => {
  const { machine, commands } = await running('1.0.0');
  await assertServing(machine, '1.0.0');
  const id = (await machine.engine.inspect(NAME))?.id;
  const again = await commands.install(request('1.0.0'));
  assert.equal(again.outcome, 'done');
  assert.equal(again.serving?.source, 'atlanhq/teradata:1.0.0');
  assert.equal(again.serving.version, '1.0.0');
  assert.equal((await machine.engine.inspect(NAME))?.id, id);
  assert.equal(machine.images.admitted.length, 1, 'nothing is asked again');
});

test('install of what runs already is no change, whoever asks', async () => {
  const { machine, commands } = await running('1.0.0');
  const result = await commands.install(request('1.0.0', 'another'));
  assert.equal(result.outcome, 'unchanged');
  await assertServing(machine, '1.0.0');
});

test('install without an image takes the latest release of the app', async () => {
  const { machine, commands } = await running();
  machine.releases.announce([
    { image: 'atlanhq/other:9', appName: 'other' },
    { image: 'atlanhq/teradata:2.0.0', appName: APP, version: '2.0' },
  ]);
  const result = await commands.install({ app: APP, commandId: 'latest' });
  assert.equal(result.serving?.version, '2.0');
  const unknown = await commands.install({ app: 'nobody', commandId: 'x' });
  assert.equal(failureOf(unknown).code, 'NO_RELEASE');
});

test('upgrade: the version before is kept for a rollback, and the one before that goes', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  assert.ok(await isHere(machine, '1.0.0'));
  const result = await commands.upgrade(request('3.0.0'));
  assert.equal(result.outcome, 'done');
  assert.equal(result.previous?.version, '2.0.0');
  await assertServing(machine, '3.0.0');
  assert.ok(await isHere(machine, '2.0.0'));
  assert.ok(!(await isHere(machine, '1.0.0')));
});

test('upgrade of what is not installed is refused', async () => {
  const { commands } = await running();
  const failure = failureOf(await commands.upgrade(request('1.0.0')));
  assert.equal(failure.code, 'APP_NOT_INSTALLED');
  assert.equal(failure.retryable, false);
});

test('a bad version: what served serves, the reason comes with its last lines, no secret in them', async () => {
  const { machine, commands } = await running('1.0.0');
  const result = await commands.upgrade(request('bad'));
  const failure = failureOf(result);
  assert.equal(failure.code, 'CONTAINER_UNHEALTHY');
  assert.equal(failure.step, 'gate');
  assert.deepEqual(failure.logs, ['password=[secret] refused']);
  assert.equal(result.serving?.version, '1.0.0');
  await assertServing(machine, '1.0.0');
  assert.ok(!(await isHere(machine, 'bad')), 'its image is gone');
});

test('an image that may not run, or cannot be fetched, changes nothing', async () => {
  const { machine, commands } = await running('1.0.0');
  machine.images.failure = new RegistryError('REGISTRY_RATE_LIMITED', 'too many');
  const refused = failureOf(await commands.upgrade(request('2.0.0')));
  assert.deepEqual(
    [refused.code, refused.retryable, refused.step],
    ['REGISTRY_RATE_LIMITED', true, 'resolve'],
  );
  machine.images.failure = undefined;
  const missing = failureOf(await commands.upgrade(request('4.0.0')));
  assert.deepEqual([missing.code, missing.step], ['REGISTRY_NOT_FOUND', 'pull']);
  await assertServing(machine, '1.0.0');
});

test('a changed configuration is swapped in like a version, and is nothing to roll back to', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  machine.apps.setting = 'b';
  const result = await commands.install(request('2.0.0', 'again'));
  assert.equal(result.outcome, 'done');
  assert.equal(result.previous?.version, '1.0.0');
});

test('rollback: back and forth, without asking a registry, and held from automatic upgrades', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  machine.images.failure = new RegistryError('REGISTRY_UNAVAILABLE', 'gone');
  const back = await commands.rollback({ app: APP, commandId: 'back' });
  assert.equal(back.outcome, 'done');
  assert.equal(back.serving?.version, '1.0.0');
  assert.equal(back.previous?.version, '2.0.0');
  await assertServing(machine, '1.0.0');
  const again = await commands.rollback({ app: APP, commandId: 'back' });
  assert.equal(again.serving?.version, '1.0.0', 'a repetition does not roll back once more');
  const forth = await commands.rollback({ app: APP, commandId: 'forth' });
  assert.equal(forth.serving?.version, '2.0.0');
});

test('rollback with nothing to return to is refused', async () => {
  const { commands } = await running('1.0.0');
  const failure = failureOf(await commands.rollback({ app: APP, commandId: 'back' }));
  assert.equal(failure.code, 'NO_PREVIOUS_VERSION');
});

test('restart: a fresh container with the configuration as it is now, once per command', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  const before = (await machine.engine.inspect(NAME))?.id;
  const restart = { app: APP, commandId: 'restart-1' };
  assert.equal((await commands.restart(restart)).outcome, 'done');
  const after = (await machine.engine.inspect(NAME))?.id;
  assert.notEqual(after, before);
  const again = await commands.restart(restart);
  assert.equal(again.previous?.version, '1.0.0');
  assert.equal((await machine.engine.inspect(NAME))?.id, after);
  await assertServing(machine, '2.0.0');
});

test('uninstall: no container, no image; nothing is a success, too', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  const result = await commands.uninstall({ app: APP, commandId: 'gone' });
  assert.equal(result.outcome, 'done');
  assert.equal(result.previous?.version, '2.0.0');
  assert.deepEqual(machine.engine.states, {});
  assert.ok(!(await isHere(machine, '1.0.0')) && !(await isHere(machine, '2.0.0')));
  assert.equal((await commands.uninstall({ app: APP, commandId: 'gone' })).outcome, 'done');
  assert.equal((await commands.uninstall({ app: APP, commandId: 'more' })).outcome, 'unchanged');
});

test('an image that another app runs or may return to stays', async () => {
  const { machine, commands } = await running('1.0.0');
  const other = { app: 'other', commandId: 'o1', image: 'atlanhq/other:1.0.0' };
  await commands.install(other);
  await commands.install({ ...other, commandId: 'o2', image: 'atlanhq/other:2.0.0' });
  await commands.uninstall({ app: APP, commandId: 'gone' });
  assert.ok(await isHere(machine, '1.0.0'), 'other may be rolled back to it');
});

test('an image that another app cleans up before there is a container of it is fetched again', async () => {
  const { machine, commands } = await running('1.0.0');
  const { engine } = machine;
  const cleanUps: Promise<unknown>[] = [];
  const steps: Step[] = [];
  const result = await commands.upgrade(request('2.0.0'), {
    onProgress: ({ step }) => {
      steps.push(step);
      if (step === 'create') cleanUps.push(engine.removeImage(imageNamed('2.0.0')));
    },
  });
  assert.deepEqual(await Promise.all(cleanUps), ['removed']);
  assert.equal(result.outcome, 'done', JSON.stringify(result));
  assert.deepEqual(
    steps.filter((step) => ['pull', 'create'].includes(step)),
    ['pull', 'create', 'pull'],
  );
  await assertServing(machine, '2.0.0');
});

test('what a container is given and is not there is no reason to fetch its image again', async () => {
  const { machine, commands } = await running();
  const { engine } = machine;
  const steps: Step[] = [];
  const cleanUps: Promise<unknown>[] = [];
  const result = await commands.install(request('1.0.0'), {
    onProgress: ({ step }) => {
      steps.push(step);
      if (step === 'create') cleanUps.push(engine.removeNetwork('atlan'));
    },
  });
  await Promise.all(cleanUps);
  assert.equal(failureOf(result).code, 'NOT_FOUND');
  assert.equal(steps.filter((step) => step === 'pull').length, 1);
  assert.deepEqual(engine.states, {});
});

test('a command repeated late does not undo what came after', async () => {
  const { machine, commands } = await running('1.0.0', '2.0.0');
  assert.equal((await commands.install(request('1.0.0'))).outcome, 'superseded');
  await assertServing(machine, '2.0.0');
  await commands.uninstall({ app: APP, commandId: 'gone' });
  await commands.install(request('3.0.0'));
  assert.equal((await commands.uninstall({ app: APP, commandId: 'gone' })).outcome, 'superseded');
  await assertServing(machine, '3.0.0');
});

const STEPS: readonly Step[] = ['resolve', 'pull', 'create', 'start', 'gate', 'commit', 'retire'];

for (const at of STEPS) {
  test(`an abort at ${at} leaves one version serving`, async () => {
    const { machine, commands } = await running('1.0.0');
    const abort = new AbortController();
    const upgraded = commands.upgrade(request('2.0.0'), {
      signal: abort.signal,
      onProgress: ({ step }) => {
        if (step === at) abort.abort(new Error('enough'));
      },
    });
    if (at === 'commit' || at === 'retire') {
      const result = await upgraded.catch((error: unknown) => error);
      // The first of the two renames can still be called off; after the second it is too late.
      if (result instanceof Error) await assertServing(machine, '1.0.0');
      else assert.equal(machine.engine.states[NAME], 'running');
    } else {
      await assert.rejects(upgraded, /enough/);
      await assertServing(machine, '1.0.0');
    }
    const { outcome } = await commands.upgrade(request('2.0.0'));
    assert.equal(outcome, 'done');
    await assertServing(machine, '2.0.0');
  });
}

test('commands for one app wait for each other', async () => {
  const { machine, commands } = await running('1.0.0');
  const results = await Promise.all([
    commands.upgrade(request('2.0.0')),
    commands.upgrade(request('3.0.0')),
    commands.restart({ app: APP, commandId: 'r' }),
  ]);
  assert.deepEqual(
    results.map(({ outcome, serving }) => [outcome, serving?.version]),
    [
      ['done', '2.0.0'],
      ['done', '3.0.0'],
      ['done', '3.0.0'],
    ],
  );
  await assertServing(machine, '3.0.0');
});

test('a name that cannot be an app is refused before anything is asked', async () => {
  const { commands } = await running();
  const failure = failureOf(await commands.install({ ...request('1.0.0'), app: '../x' }));
  assert.equal(failure.code, 'CONFIG_INVALID');
  assert.match(failure.message, /^"\.\.\/x" is not the name of an app/);
});

test('status tells versions, health and what a rollback would return to', async () => {
  const { commands } = await running('1.0.0', '2.0.0');
  const { deployment, orchestrator, apps } = await commands.status();
  assert.equal(deployment, 'prod');
  assert.equal(orchestrator, undefined);
  const [app] = apps;
  assert.equal(apps.length, 1);
  assert.equal(app?.app, APP);
  assert.equal(app.current?.version, '2.0.0');
  assert.equal(app.current.state, 'running');
  assert.equal(app.current.health, 'healthy');
  assert.equal(app.current.commandId, 'to-2.0.0');
  assert.match(app.current.startedAt ?? '', /^2026-/);
  assert.equal(app.previous?.version, '1.0.0');
  assert.deepEqual(app.others, []);
  assert.deepEqual((await commands.status({ app: 'other' })).apps, []);
});

test('a network is made by one app at a time: engines make two of them otherwise', async () => {
  const { machine } = await running();
  let making = 0;
  let most = 0;
  const engine = new Proxy(machine.engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (property !== 'ensureNetwork') return Reflect.apply(value, target, args) as unknown;
        making += 1;
        most = Math.max(most, making);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        making -= 1;
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const commands = createCommands(machine.world(engine));
  await Promise.all(
    ['a', 'b', 'c'].map(async (app) => commands.install({ ...request('1.0.0', app), app })),
  );
  assert.equal(most, 1);
});
