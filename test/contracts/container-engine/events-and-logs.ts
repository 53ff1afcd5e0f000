import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerEvent } from '../../../src/orchestrator/engine/container.ts';
import type { EngineUnderTest } from '../container-engine.ts';
import { isEngineError, noSuchContainer, Scene } from './scene.ts';

export function testEventsAndLogs(world: () => EngineUnderTest): void {
  test('tells what happens to the containers of a label', async (t) => {
    const scene = new Scene(t, world());
    const stop = new AbortController();
    // A test that fails half-way must not listen for ever.
    t.after(() => stop.abort());
    const events: ContainerEvent[] = [];
    const labels = { ...scene.labels, watched: 'yes' };
    const listening = (async () => {
      try {
        for await (const event of scene.engine.events(labels, { signal: stop.signal })) {
          events.push(event);
        }
        return 'ended';
      } catch (error) {
        return String(error);
      }
    })();
    await scene.run('unwatched', 'endsAtOnce');
    const id = await scene.run('app', 'endsAtOnce', { labels });
    await scene.untilIs(id, ({ state }) => state === 'exited');
    await scene.engine.rename(id, scene.name('renamed'));
    await scene.engine.remove(id);
    await scene.until('the removal was told', async () =>
      events.some(({ kind }) => kind === 'removed') ? true : undefined,
    );
    stop.abort(new Error('enough'));
    assert.match(await listening, /enough/);
    assert.deepEqual(
      events.map((event) => (event.kind === 'ended' ? [event.kind, event.exitCode] : [event.kind])),
      [['started'], ['ended', 5], ['renamed'], ['removed']],
    );
    assert.ok(events.every((event) => event.kind !== 'gap' && event.id === id));
  });

  test('gives the last lines of a log, each with its stream and time', async (t) => {
    const scene = new Scene(t, world());
    const before = world().now();
    const id = await scene.run('app', 'bare');
    const lines = await scene.until('it has printed twice', async () => {
      const printed = await scene.engine.logs(id, { tail: 10 });
      return printed.length === 2 ? printed : undefined;
    });
    assert.deepEqual(lines.map(({ stream, text }) => `${stream}: ${text}`).toSorted(), [
      'stderr: err',
      'stdout: out',
    ]);
    // Podman tells whole seconds.
    for (const { at } of lines) assert.ok(at >= before - 1_000 && at <= world().now());
    assert.equal((await scene.engine.logs(id, { tail: 1 })).length, 1);
    await assert.rejects(
      scene.engine.logs(noSuchContainer, { tail: 1 }),
      isEngineError('NOT_FOUND'),
    );
  });

  test('follows a log until the container ends', async (t) => {
    const scene = new Scene(t, world());
    const id = await scene.run('app', 'bare');
    const texts: string[] = [];
    const following = (async () => {
      for await (const { text } of scene.engine.followLogs(id, { tail: 10 })) texts.push(text);
    })();
    await scene.until('both lines were told', async () => (texts.length === 2 ? true : undefined));
    await scene.engine.stop(id, 20);
    await following;
    assert.deepEqual(texts.toSorted(), ['err', 'out']);
  });
}
