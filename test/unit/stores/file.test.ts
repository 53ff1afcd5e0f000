import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { MapStoreError } from '../../../src/errors.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { createFileStore } from '../../../src/stores/file.ts';
import { isMapStoreError, mapStoreContract } from '../../contracts/map-store.ts';
import type { FileOperationOrder } from '../../support/kills/at-file-operation.ts';
import { waitFor } from '../../support/servers/server-process.ts';

const root = mkdtempSync(join(tmpdir(), 'sdr-file-store-'));
after(() => rm(root, { recursive: true, force: true }));

async function folder(): Promise<string> {
  const path = join(root, randomUUID());
  await mkdir(path);
  return path;
}

mapStoreContract('file', async () => {
  const path = join(await folder(), 'image-map.yaml');
  return {
    open: () => createFileStore(path),
    editByHand: (text) => writeFile(path, text),
    putBytes: (bytes) => writeFile(path, bytes),
  };
});

/** A failed read or write that only a change by the operator mends. */
function needsOperator(words: RegExp) {
  return (error: unknown): boolean => {
    isMapStoreError('MAP_UNAVAILABLE')(error);
    assert.ok(error instanceof MapStoreError && !error.retryable);
    assert.match(error.message, words);
    assert.match(error.message, /^file:/);
    return true;
  };
}

describe('the file', () => {
  test('keeps its mode, and nothing is left beside it', async () => {
    const path = join(await folder(), 'map.yaml');
    await writeFile(path, '# 1\n');
    await chmod(path, 0o640);
    const store = createFileStore(path);
    await store.write('# 2\n', (await store.read())?.revision);
    assert.equal((await stat(path)).mode & 0o7777, 0o640);
    assert.deepEqual(await readdir(join(path, '..')), ['map.yaml']);
  });

  test('is replaced behind a symbolic link, which stays one', async () => {
    const dir = await folder();
    await mkdir(join(dir, 'real'));
    await writeFile(join(dir, 'real', 'map.yaml'), '# 1\n');
    await symlink(join('real', 'map.yaml'), join(dir, 'link.yaml'));
    await symlink('link.yaml', join(dir, 'link2.yaml'));
    const store = createFileStore(join(dir, 'link2.yaml'));
    await store.write('# 2\n', (await store.read())?.revision);
    assert.equal(await readFile(join(dir, 'real', 'map.yaml'), 'utf8'), '# 2\n');
    assert.deepEqual((await readdir(dir)).sort(), ['link.yaml', 'link2.yaml', 'real']);
  });

  test('is created where a symbolic link leads to nothing yet', async () => {
    const dir = await folder();
    await mkdir(join(dir, 'real'));
    await symlink(join('real', 'map.yaml'), join(dir, 'link.yaml'));
    const store = createFileStore(join(dir, 'link.yaml'));
    assert.equal(await store.read(), undefined);
    await store.write('# 1\n', undefined);
    assert.equal(await readFile(join(dir, 'real', 'map.yaml'), 'utf8'), '# 1\n');
  });

  test('in a folder that is missing is an error, not an empty map', async () => {
    const store = createFileStore(join(root, 'nowhere', 'map.yaml'));
    await assert.rejects(store.read(), needsOperator(/folder does not exist/));
    await assert.rejects(store.write('', undefined), needsOperator(/folder does not exist/));
  });

  test('below a file, at a folder, in a circle of links: each in words', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'file'), '');
    await symlink('b', join(dir, 'a'));
    await symlink('a', join(dir, 'b'));
    const at = (name: string) => createFileStore(join(dir, name)).read();
    await assert.rejects(at('file/map.yaml'), needsOperator(/not a folder/));
    await assert.rejects(at('.'), needsOperator(/not a regular file/));
    await assert.rejects(at('a'), needsOperator(/round in circles/));
  });

  test('that is a pipe does not hang', async () => {
    const path = join(await folder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await assert.rejects(createFileStore(path).read(), needsOperator(/not a regular file/));
  });

  test('that may not be written says so', async (t) => {
    const dir = await folder();
    await chmod(dir, 0o555);
    // Root may write everywhere.
    if (process.geteuid?.() === 0) {
      process.seteuid?.(65_534);
      t.after(() => process.seteuid?.(0));
    }
    const store = createFileStore(join(dir, 'map.yaml'));
    await assert.rejects(store.write('', undefined), needsOperator(/permission denied/));
  });

  test('that is far too large is not read', async () => {
    const path = join(await folder(), 'map.yaml');
    await writeFile(path, Buffer.alloc(9 * 1024 * 1024));
    await assert.rejects(createFileStore(path).read(), isMapStoreError('MAP_INVALID'));
  });
});

test('what an editor saves while a new text is on its way to the disk is not lost', async () => {
  const dir = await folder();
  const path = join(dir, 'map.yaml');
  await writeFile(path, 'images: {}\n');
  const support = join(import.meta.dirname, '../../support');
  const note = join(root, randomUUID());
  const order: FileOperationOrder = {
    folder: `${dir}/`,
    note,
    operation: 'sync',
    when: 'before',
    fate: 'wait',
  };
  const hook = ['--import', join(support, 'kills/at-file-operation.ts')];
  const publisher = [join(support, 'publish-entries.ts'), `file:${path}`, '1', '1'];
  const child = spawn(process.execPath, [...hook, ...publisher], {
    env: { ...process.env, FILE_OPERATION: JSON.stringify(order) },
    stdio: 'inherit',
  });
  const exit = once(child, 'exit');
  await waitFor('the publisher comes there', async () =>
    existsSync(`${note}.here`) ? true : undefined,
  );
  await writeFile(`${path}~`, 'images: {}\n# by hand\n');
  await rename(`${path}~`, path);
  await writeFile(`${note}.go`, '');
  assert.deepEqual(await exit, [0, null]);
  const text = await readFile(path, 'utf8');
  assert.match(text, /# by hand/);
  assert.equal(parseImageMap(text).entries.length, 1);
});

test('eight processes editing one file at once lose nothing, nor does a person', async () => {
  const path = join(await folder(), 'image-map.yaml');
  await writeFile(path, '# ours\nimages: # all of them\n  "x/y:1": "r.io/y:1"   # approved\n');
  const script = join(import.meta.dirname, '../../support/publish-entries.ts');
  const writers = Array.from({ length: 8 }, (_, i) =>
    spawn(process.execPath, [script, `file:${path}`, `${i}`, '25'], { stdio: 'inherit' }),
  );
  let isOver = false;
  const exits = Promise.all(writers.map(async (child) => once(child, 'exit'))).finally(() => {
    isOver = true;
  });
  // By hand, in the middle: through the store, as an editor that looks before it saves.
  const store = createFileStore(path);
  for (;;) {
    const current = await store.read();
    assert.ok(current);
    assert.ok(!isOver, 'the writers ended before the edit by hand');
    if (parseImageMap(current.text).entries.length < 40) {
      await setTimeout(5);
      continue;
    }
    const byHand = `${current.text}# added by hand\nrelease:\n  name: mine # keep\n`;
    const written = await store.write(byHand, current.revision).catch((error: unknown) => {
      isMapStoreError('MAP_CONFLICT')(error);
      return undefined;
    });
    if (written !== undefined) break;
  }
  assert.deepEqual(
    await exits,
    writers.map(() => [0, null]),
  );
  const text = (await store.read())?.text ?? '';
  assert.equal(parseImageMap(text).entries.length, 1 + 8 * 25);
  for (let writer = 0; writer < 8; writer += 1) {
    for (let i = 0; i < 25; i += 1) {
      assert.ok(
        text.includes(`  "atlanhq/app-${writer}:${i}": "reg.example/app-${writer}:${i}-ok"\n`),
      );
    }
  }
  assert.match(text, /^# ours\nimages: # all of them\n {2}"x\/y:1": "r\.io\/y:1" {3}# approved\n/);
  assert.match(text, /\n# added by hand\nrelease:\n {2}name: mine # keep\n$/);
  assert.deepEqual(await readdir(join(path, '..')), ['image-map.yaml']);
});
