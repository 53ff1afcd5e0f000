import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Removal } from '../../../support/faults/fault.ts';
import { Remover } from '../../../support/faults/remover.ts';
import { Schedule } from '../../../support/faults/schedule.ts';
import { buildImage, push } from '../../../support/images.ts';
import { startRegistry } from '../../../support/registry/server.ts';

/** Images are removed in schedules of such seeds. */
const SEED = 2;
const image = buildImage({ seed: 'app' });

/** A remover that strikes at that instant, and what the job and the target do. */
async function sceneOf(t: TestContext, when: Removal['when'], schedule = new Schedule(SEED)) {
  const registry = await startRegistry();
  t.after(async () => registry.close());
  const app = registry.store.repository('s2/app');
  const names = Array.from({ length: 100 }, (_, index) => `vendor/app${index}:1.0`);
  const name = names.find((each) => new Schedule(SEED).removes(each, when)) ?? '';
  const removed = { name, repository: 's2/app', tag: '1.0', digest: image.digest };
  const remover = new Remover(schedule, registry.url, [removed]);
  const hear = async (method: string, status: number, path = '/v2/s2/app/manifests/1.0') =>
    remover.hear(
      { method, path, headers: {}, body: Buffer.alloc(0) },
      { status, headers: {}, body: Buffer.alloc(0) },
    );
  return {
    name,
    remover,
    schedule,
    hear,
    write: async () => {
      push(app, image, '1.0');
      await hear('PUT', 201);
    },
    look: async () => hear('HEAD', app.tags.has('1.0') ? 200 : 404),
    isThere: () => app.tags.has('1.0'),
  };
}

for (const [looks, when] of [
  [0, 'written'],
  [1, 'shown'],
] as const) {
  test(`an image is removed at the target as soon as it was ${when}, once`, async (t) => {
    const { name, remover, schedule, hear, write, look, isThere } = await sceneOf(t, when);
    await hear('HEAD', 404);
    await hear('PUT', 500);
    await hear('PUT', 201, '/v2/s2/app/manifests/other');
    assert.deepEqual(schedule.injected, []);
    await write();
    for (let seen = 0; seen < looks; seen += 1) {
      assert.equal(isThere(), true);
      await look();
    }
    assert.equal(isThere(), false);
    assert.deepEqual(schedule.injected, [{ request: name, fault: { kind: 'removal', when } }]);
    // What it had lost before its last look is a lie wherever it is named.
    assert.deepEqual([...remover.removedTooLate()], when === 'shown' ? [name] : []);

    await write();
    for (let seen = 0; seen < 3; seen += 1) await look();
    assert.equal(isThere(), true);
    assert.deepEqual([...remover.removedTooLate()], []);
  });
}

test('nothing is removed once a schedule is over, nor in those of other seeds', async (t) => {
  const over = new Schedule(SEED);
  over.end();
  for (const schedule of [over, new Schedule(SEED + 1)]) {
    const { write, isThere } = await sceneOf(t, 'written', schedule);
    await write();
    assert.equal(isThere(), true);
  }
});

test('a target that does not remove what it is told to is no schedule to learn from', async (t) => {
  const { remover, hear } = await sceneOf(t, 'written');
  await hear('PUT', 201);
  assert.throws(() => remover.removedTooLate(), /DELETE .*: 404/);
});
