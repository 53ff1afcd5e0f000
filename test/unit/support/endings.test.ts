import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allStarted, Endings } from '../../support/servers/endings.ts';

test('everything is ended, the latest first, though one of them fails', async () => {
  const endings = new Endings();
  const ended: string[] = [];
  for (const name of ['registry', 'engine', 'network']) {
    endings.add(async () => {
      ended.push(name);
      if (name === 'engine') throw new Error('its folder is busy');
    });
  }
  await assert.rejects(endings.run(), /its folder is busy/);
  assert.deepEqual(ended, ['network', 'engine', 'registry']);
  await endings.run();
  assert.equal(ended.length, 3);
});

test('what has started is stopped if the other has not', async () => {
  const slow = Promise.withResolvers<void>();
  let isStopped = false;
  const server = async (): Promise<{ readonly stop: () => Promise<void> }> => {
    await slow.promise;
    return {
      stop: async () => {
        isStopped = true;
      },
    };
  };
  const both = allStarted(server(), Promise.reject(new Error('no such program')));
  slow.resolve();
  await assert.rejects(both, /no such program/);
  assert.equal(isStopped, true);
});
