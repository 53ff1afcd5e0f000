import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedMutex } from '../../../../src/orchestrator/lifecycle/keyed-mutex.ts';

test('one key: one after the other, in the order of asking; two keys: at once', async () => {
  const mutex = new KeyedMutex();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = mutex.run('a', async () => {
    log.push('a1');
    await gate.promise;
    log.push('a1 over');
  });
  const second = mutex.run('a', async () => log.push('a2'));
  await mutex.run('b', async () => log.push('b'));
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(log, ['a1', 'b', 'a1 over', 'a2']);
});

test('a failure lets the next one in', async () => {
  const mutex = new KeyedMutex();
  await assert.rejects(
    mutex.run('a', async () => {
      throw new Error('bad');
    }),
    /bad/,
  );
  assert.equal(await mutex.run('a', async () => 'in'), 'in');
});

test('who gives up waiting lets nobody in before their turn', async () => {
  const mutex = new KeyedMutex();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = mutex.run('a', async () => {
    await gate.promise;
    log.push('first over');
  });
  const abort = new AbortController();
  const second = mutex.run('a', async () => log.push('never'), { signal: abort.signal });
  const third = mutex.run('a', async () => log.push('third'));
  abort.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
  gate.resolve();
  await Promise.all([first, third]);
  assert.deepEqual(log, ['first over', 'third']);
});
