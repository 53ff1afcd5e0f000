import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineUnderTest } from '../container-engine.ts';
import { anonymous, isEngineError, noSuchContainer, Scene } from './scene.ts';

export function testLifecycle(world: () => EngineUnderTest): void {
  test('creates a container without starting it', async (t) => {
    const scene = new Scene(t, world());
    const created = await scene.inspect(await scene.create('app', 'good', { restart: 'always' }));
    assert.equal(created.state, 'created');
    assert.equal(created.name, scene.name('app'));
    assert.equal(created.labels['scene'], scene.labels['scene']);
    assert.deepEqual(
      [created.exitCode, created.startedAt, created.finishedAt, created.restartCount],
      [undefined, undefined, undefined, 0],
    );
    assert.ok(Math.abs(created.createdAt - world().now()) < 60_000);
  });

  test('starts a container, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'bare');
    const first = await scene.inspect(id);
    assert.equal(first.state, 'running');
    assert.equal(first.exitCode, undefined);
    await scene.engine.start(id);
    assert.equal((await scene.inspect(id)).startedAt, first.startedAt);
    await assert.rejects(scene.engine.start(noSuchContainer), isEngineError('NOT_FOUND'));
  });

  test('tells how a container ended', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'endsAtOnce');
    const ended = await scene.untilIs(id, ({ state }) => state === 'exited');
    assert.equal(ended.exitCode, 5);
    assert.equal(ended.outOfMemory, false);
    assert.ok((ended.finishedAt ?? 0) >= (ended.startedAt ?? Number.POSITIVE_INFINITY));
  });

  test('stops a container politely, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'bare', { restart: 'unless-stopped' });
    // A shell that has printed has set its trap.
    await scene.until('it has printed', async () =>
      (await scene.engine.logs(id, { tail: 2 })).length === 2 ? true : undefined,
    );
    for (let time = 0; time < 2; time += 1) {
      await scene.engine.stop(id, 20);
      const stopped = await scene.inspect(id);
      assert.deepEqual([stopped.state, stopped.exitCode], ['exited', 0]);
    }
    await scene.engine.start(id);
    assert.equal((await scene.inspect(id)).state, 'running');
  });

  test('stops by force what does not end in time', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'stubborn');
    await scene.until('it has printed', async () =>
      (await scene.engine.logs(id, { tail: 1 })).length === 1 ? true : undefined,
    );
    await scene.engine.stop(id, 1);
    assert.deepEqual(
      [(await scene.inspect(id)).state, (await scene.inspect(id)).exitCode],
      ['exited', 137],
    );
  });

  test('finds what never ran or is gone stopped', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.create('app', 'bare');
    await scene.engine.stop(id, 1);
    await scene.engine.stop(noSuchContainer, 1);
  });

  test('starts a crashing container again and again, and counts', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'crashLooping', { restart: 'unless-stopped' });
    const first = await scene.untilIs(id, ({ restartCount }) => restartCount >= 2);
    assert.ok(['running', 'restarting', 'exited'].includes(first.state));
  });

  test('stops a crashing container for good', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'crashLooping', { restart: 'unless-stopped' });
    await scene.untilIs(id, ({ restartCount }) => restartCount >= 1);
    await scene.engine.stop(id, 1);
    const { startedAt, state } = await scene.inspect(id);
    assert.equal(state, 'exited');
    for (let time = 0; time < 10; time += 1) {
      await world().pause();
      assert.equal((await scene.inspect(id)).startedAt, startedAt);
    }
  });

  test('removes a container in any state, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const ids = [
      await scene.create('created', 'bare'),
      await scene.run('running', 'bare'),
      await scene.run('crashing', 'crashLooping', { restart: 'always' }),
    ];
    for (const id of ids) {
      await scene.engine.remove(id);
      assert.equal(await scene.engine.inspect(id), undefined);
      await scene.engine.remove(id);
    }
    assert.deepEqual(await scene.engine.list(scene.labels), []);
  });

  test('abandons whatever it is asked when the signal says so', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'bare');
    const image = await world().publish('good');
    const reason = new Error('enough');
    const { engine } = scene;
    const options = { signal: AbortSignal.abort(reason) };
    const operations: readonly (() => Promise<unknown>)[] = [
      async () => engine.pull(image, anonymous, options),
      async () => engine.inspectImage(image, options),
      async () => engine.create(scene.spec('other', image), options),
      async () => engine.start(id, options),
      async () => engine.inspect(id, options),
      async () => engine.list(scene.labels, options),
      async () => engine.rename(id, scene.name('other'), options),
      async () => engine.stop(id, 1, options),
      async () => engine.remove(id, options),
      async () => engine.checkHealth(id, options),
      async () => engine.specOf(id, options),
      async () => engine.logs(id, { tail: 1, ...options }),
      async () => engine.events(scene.labels, options)[Symbol.asyncIterator]().next(),
    ];
    for (const operation of operations) {
      await assert.rejects(operation, (error) => error === reason);
    }
    assert.deepEqual(
      (await engine.list(scene.labels)).map(({ name, state }) => [name, state]),
      [[scene.name('app'), 'running']],
    );
  });
}
