import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { abandonable } from '../../src/abandonable.ts';
import { settle } from '../fakes/manual-clock.ts';

const STOP = new Error('stop');

test('work that ends is waited for, with its value or its failure', async () => {
  const { signal } = new AbortController();
  assert.equal(await abandonable(Promise.resolve(1), signal), 1);
  assert.equal(await abandonable(Promise.resolve(1), undefined), 1);
  await assert.rejects(abandonable(Promise.reject(new Error('broken')), signal), /broken/);
  assert.deepEqual(getEventListeners(signal, 'abort'), [], 'nothing is left at the signal');
});

test('a wait that is abandoned leaves the work alone', async () => {
  const stop = new AbortController();
  const work = Promise.withResolvers<string>();
  const waits = [abandonable(work.promise, stop.signal), abandonable(work.promise, undefined)];
  stop.abort(STOP);
  await assert.rejects(waits[0]!, STOP);
  work.resolve('done');
  assert.equal(await waits[1], 'done');
});

test('a stop that came before wins over work that is done', async () => {
  await assert.rejects(abandonable(Promise.resolve(1), AbortSignal.abort(STOP)), STOP);
});

test('what fails after nobody waits for it ends no process', async (t) => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  t.after(() => process.off('unhandledRejection', listen));
  for (const signal of [AbortSignal.abort(STOP), new AbortController().signal]) {
    const work = Promise.withResolvers<never>();
    const wait = abandonable(work.promise, signal);
    wait.catch(() => undefined);
    work.reject(new Error('late'));
    await assert.rejects(wait);
  }
  await settle();
  assert.deepEqual(unheard, []);
});
