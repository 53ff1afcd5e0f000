import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SelfUpdateResult } from '../../../../src/orchestrator/commands.ts';
import {
  createCommands,
  type CommandsWorld,
} from '../../../../src/orchestrator/create-commands.ts';
import type { Container } from '../../../../src/orchestrator/engine/container.ts';
import type { ContainerEngine } from '../../../../src/orchestrator/engine/container-engine.ts';
import { parseLabels } from '../../../../src/orchestrator/app-spec/labels.ts';
import { roleOf } from '../../../../src/orchestrator/self-update/role.ts';
import { imageNamed, plainSpec } from '../../../fakes/container-engine-specs.ts';
import { AppMachine, programs } from '../../../support/orchestrator/app-world.ts';

const NAME = 'sdr-orchestrator';

/** An orchestrator that an operator started, without a label of ours. */
async function started(
  name: string = NAME,
  labels: Readonly<Record<string, string>> = { 'com.example.kept': 'yes' },
): Promise<{
  readonly machine: AppMachine;
  readonly world: (engine?: ContainerEngine) => CommandsWorld;
}> {
  const { good, unhealthy } = programs;
  const log = [{ stream: 'stderr', text: 'token=abcdef123 refused' }] as const;
  const machine = new AppMachine().publish({ '1': good, '2': good, bad: { ...unhealthy, log } });
  const credential = { kind: 'anonymous', origin: 'test' } as const;
  await machine.engine.pull(imageNamed('1'), credential);
  const ownId = await machine.engine.create(
    plainSpec(name, imageNamed('1'), {
      environment: { HTTPS_PROXY: 'http://proxy.example' },
      labels,
      restart: 'unless-stopped',
    }),
  );
  await machine.engine.start(ownId);
  return { machine, world: (engine) => ({ ...machine.world(engine), ownId }) };
}

const to = (tag: string): { readonly commandId: string; readonly image: string } => ({
  commandId: `to-${tag}`,
  image: `atlanhq/orchestrator:${tag}`,
});

function failureOf(
  result: SelfUpdateResult,
): Extract<SelfUpdateResult, { outcome: 'failed' }>['failure'] {
  assert.ok(result.outcome === 'failed', JSON.stringify(result));
  return result.failure;
}

test('the role is in the name', () => {
  assert.deepEqual(roleOf('sdr'), { role: 'active', name: 'sdr' });
  assert.deepEqual(roleOf('sdr.green'), { role: 'standby', name: 'sdr' });
  assert.deepEqual(roleOf('sdr.old'), { role: 'watcher', name: 'sdr' });
});

test('the new one stands beside the old one, made like it, and the answer is to come', async () => {
  const { machine, world } = await started();
  const commands = createCommands(world());
  const result = await commands.selfUpdate(to('2'));
  assert.equal(result.outcome, 'handing-over');
  assert.deepEqual(machine.engine.states, { [NAME]: 'running', [`${NAME}.green`]: 'running' });
  const green = await machine.engine.inspect(`${NAME}.green`);
  const spec = await machine.engine.specOf((green as Container).id);
  assert.equal(spec.environment['HTTPS_PROXY'], 'http://proxy.example');
  assert.equal(spec.labels['com.example.kept'], 'yes');
  const labels = parseLabels(spec.labels);
  assert.equal(labels?.role, 'orchestrator');
  assert.equal(labels.commandId, 'to-2');
  assert.equal((await commands.selfUpdate(to('2'))).outcome, 'handing-over');
});

test('what runs already is no change, though an operator started it', async () => {
  const { machine, world } = await started();
  assert.equal((await createCommands(world()).selfUpdate(to('1'))).outcome, 'unchanged');
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
});

test('a bad version goes again, with its last lines in the reason', async () => {
  const { machine, world } = await started();
  const failure = failureOf(await createCommands(world()).selfUpdate(to('bad')));
  assert.equal(failure.code, 'CONTAINER_UNHEALTHY');
  assert.equal(failure.step, 'gate');
  assert.deepEqual(failure.logs, ['token=[secret] refused']);
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
  assert.equal(await machine.engine.inspectImage(imageNamed('bad')), undefined);
});

test('a setting that would be lost is a refusal, and nothing stays', async () => {
  const { machine, world } = await started();
  const forgetful = new Proxy(machine.engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (property !== 'create') return Reflect.apply(value, target, args) as unknown;
        const [spec] = args as Parameters<ContainerEngine['create']>;
        return target.create({ ...spec, environment: {} });
      };
    },
  });
  const failure = failureOf(await createCommands(world(forgetful)).selfUpdate(to('2')));
  assert.equal(failure.code, 'ENGINE_REFUSED');
  assert.match(failure.message, /environment\.HTTPS_PROXY would differ/);
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
});

test('a second update waits for the first', async () => {
  const { world } = await started();
  const commands = createCommands(world());
  await commands.selfUpdate(to('2'));
  const failure = failureOf(await commands.selfUpdate({ ...to('2'), commandId: 'other' }));
  assert.deepEqual([failure.code, failure.retryable], ['SELF_UPDATE_BUSY', true]);
});

test('who is not active replaces nobody', async () => {
  const { world } = await started(`${NAME}.old`);
  const failure = failureOf(await createCommands(world()).selfUpdate(to('2')));
  assert.deepEqual([failure.code, failure.retryable], ['NOT_ACTIVE', true]);
  const { world: outside } = await started();
  const alone = createCommands({ ...outside(), ownId: undefined });
  assert.deepEqual(failureOf(await alone.selfUpdate(to('2'))).code, 'NOT_ACTIVE');
});

test('an abort leaves the old one alone', async () => {
  const { machine, world } = await started();
  const abort = new AbortController();
  const updated = createCommands(world()).selfUpdate(to('2'), {
    signal: abort.signal,
    onProgress: ({ step }) => {
      if (step === 'gate') abort.abort(new Error('enough'));
    },
  });
  await assert.rejects(updated, /enough/);
  assert.deepEqual(machine.engine.states, { [NAME]: 'running' });
});

test('reconciling updates the orchestrator where it may, and tries a bad release again later', async () => {
  const { machine, world } = await started();
  machine.releases.announce([{ image: 'atlanhq/orchestrator:bad', appName: NAME }]);
  const off = await createCommands(world()).reconcile();
  assert.deepEqual(
    off.actions.map(({ app, action }) => [app, action]),
    [[undefined, 'keep']],
  );
  const commands = createCommands({ ...world(), autoUpdateSelf: true });
  assert.equal((await commands.reconcile({ dryRun: true })).actions[0]?.outcome, 'planned');
  assert.equal((await commands.reconcile()).actions[0]?.outcome, 'failed');
  assert.equal((await commands.reconcile()).actions[0]?.action, 'keep', 'not at once');
  machine.engine.advance(3 * 3_600_000);
  const again = await commands.reconcile();
  assert.equal(again.actions[0]?.failure?.code, 'CONTAINER_UNHEALTHY', 'it was really tried');
  machine.releases.announce([{ image: 'atlanhq/orchestrator:2', appName: NAME }]);
  assert.equal((await commands.reconcile()).actions[0]?.outcome, 'done');
  assert.equal(machine.engine.states[`${NAME}.green`], 'running');
});

test('a container that systemd would start anew is left to systemd', async () => {
  const { machine, world } = await started(NAME, { PODMAN_SYSTEMD_UNIT: 'sdr.service' });
  const failure = failureOf(await createCommands(world()).selfUpdate(to('2')));
  assert.deepEqual([failure.code, failure.retryable], ['ENGINE_REFUSED', false]);
  assert.match(failure.message, /sdr\.service .*change the image in its Quadlet/);
  assert.equal(await machine.engine.inspect(`${NAME}.green`), undefined);
});
