import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openOutbox, type Outbox } from '../../../../src/orchestrator/callback/outbox.ts';
import { createLogger, type LogRecord } from '../../../../src/log.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { deploymentEvent } from '../../../support/temporal/events.ts';
import { temporaryFolder } from '../../../support/servers/server-process.ts';

interface Scene {
  readonly folder: string;
  readonly lines: readonly LogRecord[];
  readonly clock: FakeClock;
  /** As another process, or the same one after a restart, opens it. */
  readonly open: (maxEntries?: number) => Promise<Outbox>;
}

async function scene(t: TestContext): Promise<Scene> {
  const { path, remove } = await temporaryFolder('outbox');
  t.after(remove);
  const folder = join(path, 'made/on/demand');
  const lines: LogRecord[] = [];
  const logger = createLogger((line) => lines.push(line));
  const clock = new FakeClock();
  const open = async (maxEntries?: number): Promise<Outbox> =>
    openOutbox({ folder, clock, logger, ...(maxEntries === undefined ? {} : { maxEntries }) });
  return { folder, lines, clock, open };
}

async function ids(outbox: Outbox): Promise<string[]> {
  return (await outbox.entries()).map(({ event }) => event.id);
}

test('keeps events in order, through a restart', async (t) => {
  const { open, clock } = await scene(t);
  const before = await open();
  const events = ['b', 'a', 'c'].map((id) => deploymentEvent({ id }));
  for (const event of events) await before.put(event);
  clock.advance(1_000);
  const after = await open();
  await after.put(deploymentEvent({ id: '0' }));
  assert.deepEqual(await ids(after), ['b', 'a', 'c', '0']);
  assert.deepEqual((await after.entries())[0]?.event, events[0]);
});

test('an event that waits already is not noted twice; one that was delivered is', async (t) => {
  const { open } = await scene(t);
  const outbox = await open();
  await outbox.put(deploymentEvent({ id: 'a' }));
  await outbox.put(deploymentEvent({ id: 'a' }));
  const [entry, ...others] = await outbox.entries();
  assert.ok(entry !== undefined);
  assert.deepEqual(others, []);
  await outbox.remove(entry);
  await outbox.remove(entry);
  assert.deepEqual(await ids(outbox), []);
  await outbox.put(deploymentEvent({ id: 'a' }));
  assert.deepEqual(await ids(outbox), ['a']);
});

test('when it is full the oldest gives way, and it says so', async (t) => {
  const { open, lines } = await scene(t);
  const outbox = await open(3);
  await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map(async (id) => outbox.put(deploymentEvent({ id }))),
  );
  assert.deepEqual(await ids(outbox), ['c', 'd', 'e']);
  assert.equal(lines.filter(({ level }) => level === 'error').length, 2);
});

test('a damaged file is set aside, and the others are read', async (t) => {
  const { open, folder, lines } = await scene(t);
  const outbox = await open();
  await outbox.put(deploymentEvent({ id: 'a' }));
  await outbox.put(deploymentEvent({ id: 'b' }));
  const [first = ''] = (await readdir(folder)).sort();
  await writeFile(join(folder, first), '{"id": "a"');
  assert.deepEqual(await ids(outbox), ['b']);
  assert.equal(await readFile(join(folder, `${first}.damaged`), 'utf8'), '{"id": "a"');
  assert.equal(lines.length, 1);
});

test('an event of another user, root perhaps, holds up no other', async (t) => {
  const { open, folder, lines } = await scene(t);
  const outbox = await open();
  await outbox.put(deploymentEvent({ id: 'a' }));
  await outbox.put(deploymentEvent({ id: 'b' }));
  const [first = ''] = (await readdir(folder)).sort();
  assert.equal((await stat(join(folder, first))).mode & 0o444, 0o444);
  await chmod(join(folder, first), 0);
  // Root reads everything.
  const waits = process.getuid?.() === 0 ? ['a', 'b'] : ['b'];
  assert.deepEqual(await ids(outbox), waits);
  assert.deepEqual(await ids(outbox), waits);
  assert.equal(lines.length, 2 - waits.length);
});

test('what a crash left half written is no event, and no damage', async (t) => {
  const { open, folder, lines } = await scene(t);
  const outbox = await open();
  await outbox.put(deploymentEvent({ id: 'a' }));
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, `${name.replace(/^\d/, '1')}.draft`), '{"id"');
  assert.deepEqual(await ids(outbox), ['a']);
  assert.deepEqual(lines, []);
});

test('a folder that is gone fails the note, and not the next one', async (t) => {
  const { open, folder } = await scene(t);
  const outbox = await open();
  await rm(folder, { recursive: true });
  await assert.rejects(outbox.put(deploymentEvent({ id: 'a' })), /ENOENT/);
  await mkdir(folder);
  await outbox.put(deploymentEvent({ id: 'a' }));
  assert.deepEqual(await ids(outbox), ['a']);
});
