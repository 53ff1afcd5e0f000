import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { keepBeating, readHealth } from '../../../../src/orchestrator/temporal/heartbeat.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { temporaryFolder } from '../../../support/servers/server-process.ts';

const BEAT = {
  pid: 7,
  role: 'active',
  temporal: { state: 'refused', since: '2026-01-01T00:00:00.000Z', reason: 'revoked' },
} as const;

async function beatFor(t: TestContext, beats: number): Promise<{ path: string; clock: FakeClock }> {
  const { path: folder, remove } = await temporaryFolder('heartbeat');
  t.after(remove);
  const path = join(folder, 'heartbeat.json');
  const clock = new FakeClock();
  const end = new AbortController();
  let count = 0;
  await keepBeating({
    path,
    beat: () => {
      count += 1;
      if (count === beats) end.abort();
      return BEAT;
    },
    clock,
    signal: end.signal,
    onError: (error) => assert.fail(String(error)),
  });
  return { path, clock };
}

test('a fresh heartbeat is health, whatever has become of Temporal', async (t) => {
  const { path, clock } = await beatFor(t, 3);
  assert.deepEqual(await readHealth(path, clock.now() + 34_000), {
    alive: true,
    heartbeat: { at: '2026-01-01T00:00:20.000Z', ...BEAT },
  });
});

test('one that has gone stale is not', async (t) => {
  const { path, clock } = await beatFor(t, 1);
  assert.deepEqual(await readHealth(path, clock.now() + 60_000), {
    alive: false,
    reason: 'the last heartbeat is 60 s old',
  });
});

test('a missing or damaged file is not', async (t) => {
  const { path, clock } = await beatFor(t, 1);
  await writeFile(path, '{"at": 5}');
  const damaged = await readHealth(path, clock.now());
  assert.equal(damaged.alive ? '' : damaged.reason, `${path} holds no heartbeat`);
  const missing = await readHealth(`${path}.not-there`, clock.now());
  assert.match(missing.alive ? '' : missing.reason, /no heartbeat at .*ENOENT/);
});

test('a file that cannot be written is reported, and tried again', async () => {
  const end = new AbortController();
  const errors: unknown[] = [];
  await keepBeating({
    path: join(import.meta.filename, 'heartbeat.json'),
    beat: () => BEAT,
    clock: new FakeClock(),
    signal: end.signal,
    onError: (error) => {
      errors.push(error);
      if (errors.length === 2) end.abort();
    },
  });
  assert.equal(errors.length, 2);
});
