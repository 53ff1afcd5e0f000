import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { withFileLock } from '../../../../src/stores/file/lock.ts';
import { createFileStore } from '../../../../src/stores/file.ts';
import {
  inspectLock,
  isAbandoned,
  removeAbandonedLock,
  tryCreateLock,
} from '../../../../src/stores/file/lock-file.ts';
import type { FileOperationOrder } from '../../../support/kills/at-file-operation.ts';

const root = mkdtempSync(join(tmpdir(), 'sdr-file-lock-'));
after(() => rm(root, { recursive: true, force: true }));
const support = join(import.meta.dirname, '../../../support');
const script = join(support, 'hold-file-lock.ts');
const publisher = join(support, 'publish-entries.ts');
const elsewhere = { host: 'elsewhere', pid: 1, token: 'a' };

async function folder(): Promise<string> {
  const path = join(root, randomUUID());
  await mkdir(path);
  return path;
}

/** Leaves the lock of a process that was killed while it held it. */
async function leaveLock(path: string): Promise<void> {
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A process publishes to a map, and dies at one of its file operations. */
async function publishUntil(
  path: string,
  order: Pick<FileOperationOrder, 'nth' | 'fate'>,
): Promise<void> {
  const told: FileOperationOrder = {
    ...order,
    when: 'before',
    folder: `${dirname(path)}/`,
    note: join(root, randomUUID()),
  };
  const child = spawn(
    process.execPath,
    ['--import', join(support, 'kills/at-file-operation.ts'), publisher, `file:${path}`, '1', '1'],
    { env: { ...process.env, FILE_OPERATION: JSON.stringify(told) }, stdio: 'inherit' },
  );
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
}

test('a lock whose holder was killed is recovered at once, with what it left', async () => {
  const dir = await folder();
  await leaveLock(join(dir, '.map.yaml.lock'));
  await writeFile(join(dir, `.map.yaml.${randomUUID()}.tmp`), 'half');
  await createFileStore(join(dir, 'map.yaml')).write('# 1\n', undefined);
  assert.deepEqual(await readdir(dir), ['map.yaml']);
});

test('what killed processes left is tidied away without a lock of theirs, and nothing else', async () => {
  const dir = await folder();
  const id = randomUUID();
  const left = [
    `.map.yaml.${id}.tmp`,
    `.map.yaml.lock.${id}.tmp`,
    '.map.yaml.lock.0123456789abcdef',
    `.map.yaml.lock.0123456789abcdef.${id}.tmp`,
    '.map.yaml.lock.0123456789abcdef.fedcba9876543210',
  ];
  const others = [
    // Of a report beside the map, which has a lock of its own.
    `.map.yaml.report.json.${id}.tmp`,
    '.map.yaml.report.json.lock',
    '.map.yaml.swp',
    'map.yaml~',
    `.mapXyaml.${id}.tmp`,
  ];
  for (const name of [...left, ...others]) await writeFile(join(dir, name), '');
  await createFileStore(join(dir, 'map.yaml')).write('# 1\n', undefined);
  assert.deepEqual((await readdir(dir)).toSorted(), ['map.yaml', ...others].toSorted());
});

test('a process that is killed while it takes a lock keeps nobody waiting', async () => {
  const dir = await folder();
  const path = join(dir, 'map.yaml');
  // Before its draft is written, before it is linked, before it is removed.
  for (const nth of [2, 3, 4]) {
    await publishUntil(path, { nth, fate: 'die' });
    const started = performance.now();
    await createFileStore(path).write('# 1\n', (await createFileStore(path).read())?.revision);
    assert.ok(performance.now() - started < 20_000, `killed at operation ${nth}`);
    assert.deepEqual(await readdir(dir), ['map.yaml']);
    await rm(path);
  }
});

test('a lock recovered by many at once is held by one at a time', async () => {
  const dir = await folder();
  const lock = join(dir, 'lock');
  await leaveLock(lock);
  let holders = 0;
  const work = async (): Promise<void> => {
    holders += 1;
    assert.equal(holders, 1);
    await readdir(dir);
    holders -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => withFileLock(lock, work, { waitMs: 10_000 })));
  assert.deepEqual(await readdir(dir), []);
});

test('a recovery that comes late does not remove the lock taken meanwhile', async () => {
  const dir = await folder();
  const lock = join(dir, 'lock');
  await tryCreateLock(lock, elsewhere);
  const seen = await inspectLock(lock);
  assert.ok(seen);
  await removeAbandonedLock(lock, seen, { ...elsewhere, token: 'first to recover' });
  assert.equal(await inspectLock(lock), undefined);
  await tryCreateLock(lock, { ...elsewhere, token: 'fresh' });
  await removeAbandonedLock(lock, seen, { ...elsewhere, token: 'late' });
  assert.equal((await inspectLock(lock))?.holder?.token, 'fresh');
});

test('a lock being recovered by somebody who lives is left to them', async () => {
  const lock = join(await folder(), 'lock');
  await tryCreateLock(lock, elsewhere);
  const seen = await inspectLock(lock);
  assert.ok(seen);
  await tryCreateLock(`${lock}.${seen.identity}`, { ...elsewhere, token: 'guard' });
  await removeAbandonedLock(lock, seen, { ...elsewhere, token: 'me' });
  assert.equal((await inspectLock(lock))?.identity, seen.identity);
});

test('a recovery that was itself killed is recovered', async () => {
  const dir = await folder();
  const lock = join(dir, 'lock');
  await leaveLock(lock);
  await leaveLock(`${lock}.${(await inspectLock(lock))?.identity}`);
  await withFileLock(lock, () => readdir(dir), { waitMs: 10_000 });
  assert.deepEqual(await readdir(dir), []);
});

test('a lock of another host, or one cut off in mid-write, is abandoned by its age', async () => {
  for (const content of ['', '{"host":', JSON.stringify(elsewhere)]) {
    const dir = await folder();
    const lock = join(dir, 'lock');
    await writeFile(lock, content);
    const fresh = await inspectLock(lock);
    assert.ok(fresh && !isAbandoned(fresh, 'here'));
    const old = new Date(Date.now() - 61_000);
    await utimes(lock, old, old);
    await withFileLock(lock, () => readdir(dir), { waitMs: 0 });
    assert.deepEqual(await readdir(dir), []);
  }
});

test('a lock whose holder lives is waited for, and its holder named in the end', async () => {
  const path = join(await folder(), 'lock');
  const tooLong = new RegExp(`process ${process.pid} on .* holds the lock .*remove the file`);
  await withFileLock(
    path,
    async () => {
      const second = withFileLock(path, async () => assert.fail('held twice'), { waitMs: 30 });
      await assert.rejects(second, tooLong);
    },
    { waitMs: 0 },
  );
});

test('waiting ends with the signal, with its reason', async () => {
  const dir = await folder();
  await tryCreateLock(join(dir, '.map.yaml.lock'), elsewhere);
  const reason = new Error('stop');
  const stop = new AbortController();
  const writing = createFileStore(join(dir, 'map.yaml')).write('', undefined, stop);
  stop.abort(reason);
  await assert.rejects(writing, reason);
});

test('a lock is released when the work fails', async () => {
  const dir = await folder();
  const failure = new Error('no');
  const failing = withFileLock(join(dir, 'lock'), async () => Promise.reject(failure), {
    waitMs: 0,
  });
  await assert.rejects(failing, failure);
  assert.deepEqual(await readdir(dir), []);
});
