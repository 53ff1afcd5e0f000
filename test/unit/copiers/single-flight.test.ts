import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SingleFlight } from '../../../src/copiers/single-flight.ts';

const never = new AbortController().signal;

test('the first does the work, the others wait for it', async () => {
  const flights = new SingleFlight();
  const { promise, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const work = async (): Promise<void> => {
    runs += 1;
    await promise;
  };
  const all = [1, 2, 3].map(() => flights.run('key', work, never));
  resolve();
  assert.deepEqual(await Promise.all(all), [true, false, false]);
  assert.equal(await flights.run('key', work, never), false);
  assert.equal(runs, 1);
});

test('keys do not wait for each other', async () => {
  const flights = new SingleFlight();
  const stuck = flights.run('stuck', () => new Promise(() => undefined), never);
  assert.equal(await flights.run('other', () => Promise.resolve(), never), true);
  assert(stuck instanceof Promise);
});

test('what failed is tried by the next in line, and only its own caller sees the failure', async () => {
  const flights = new SingleFlight();
  const failure = new Error('the first failed');
  let runs = 0;
  const work = async (): Promise<void> => {
    runs += 1;
    await Promise.resolve();
    if (runs === 1) throw failure;
  };
  const results = await Promise.allSettled([1, 2, 3].map(() => flights.run('key', work, never)));
  assert.deepEqual(results, [
    { status: 'rejected', reason: failure },
    { status: 'fulfilled', value: true },
    { status: 'fulfilled', value: false },
  ]);
  assert.equal(runs, 2);
});

test('a caller that gives up stops waiting; the work goes on for the others', async () => {
  const flights = new SingleFlight();
  const { promise, resolve } = Promise.withResolvers<void>();
  const leading = flights.run('key', () => promise, never);
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = flights.run('key', () => promise, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  resolve();
  assert.equal(await leading, true);
});
