import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineUnderTest } from '../container-engine.ts';
import { isEngineError, noSuchContainer, Scene, winners } from './scene.ts';

export function testNames(world: () => EngineUnderTest): void {
  test('finds a container by its whole name and id, and by nothing less', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.create('app', 'bare');
    assert.equal((await scene.engine.inspect(scene.name('app')))?.id, id);
    assert.equal((await scene.engine.inspect(id))?.name, scene.name('app'));
    assert.equal(await scene.engine.inspect(scene.name('ap')), undefined);
    assert.equal(await scene.engine.inspect(id.slice(0, 12)), undefined);
    assert.equal(await scene.engine.inspect(noSuchContainer), undefined);
  });

  test('lists what carries every label, running or not', async (t) => {
    const scene = new Scene(t, world());
    const one = await scene.run('one', 'bare', { labels: { app: 'x', part: '1' } });
    const two = await scene.create('two', 'bare', { labels: { app: 'x', part: '2' } });
    const ids = async (labels: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      (await scene.engine.list({ ...scene.labels, ...labels })).map(({ id }) => id);
    assert.deepEqual(await ids({ app: 'x' }), [one, two]);
    assert.deepEqual(await ids({ app: 'x', part: '2' }), [two]);
    assert.deepEqual(await ids({ app: 'y' }), []);
    await assert.rejects(scene.engine.list({}));
  });

  test('refuses a second container of a name', async (t) => {
    const scene = new Scene(t, world());
    await scene.create('app', 'bare');
    await assert.rejects(scene.create('app', 'bare'), isEngineError('NAME_TAKEN'));
  });

  test('lets exactly one of many creates of a name win', async (t) => {
    const scene = new Scene(t, world());
    const spec = scene.spec('app', await scene.pull('bare'));
    const attempts = Array.from({ length: 8 }, async () => scene.engine.create(spec));
    assert.equal(await winners(attempts, isEngineError('NAME_TAKEN')), 1);
    assert.equal((await scene.engine.list(scene.labels)).length, 1);
  });

  test('renames a running container, and again at no cost', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'bare');
    const { startedAt } = await scene.inspect(id);
    for (let time = 0; time < 2; time += 1) {
      await scene.engine.rename(id, scene.name('app.old'));
      const renamed = await scene.inspect(id);
      assert.deepEqual(
        [renamed.name, renamed.state, renamed.startedAt],
        [scene.name('app.old'), 'running', startedAt],
      );
    }
    assert.equal(await scene.engine.inspect(scene.name('app')), undefined);
    await scene.create('app', 'bare');
  });

  test('does not rename to a name in use', async (t) => {
    const scene = new Scene(t, world());
    await scene.create('app', 'bare');
    const green = await scene.create('app.green', 'bare');
    const taken = scene.engine.rename(green, scene.name('app'));
    await assert.rejects(taken, isEngineError('NAME_TAKEN'));
    assert.equal((await scene.inspect(green)).name, scene.name('app.green'));
    const missing = scene.engine.rename(noSuchContainer, scene.name('x'));
    await assert.rejects(missing, isEngineError('NOT_FOUND'));
  });

  test('lets exactly one of many renames to a name win', async (t) => {
    const scene = new Scene(t, world());
    const ids = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push(await scene.create(name, 'bare'));
    const attempts = ids.map(async (id) => scene.engine.rename(id, scene.name('app')));
    assert.equal(await winners(attempts, isEngineError('NAME_TAKEN')), 1);
  });
}
