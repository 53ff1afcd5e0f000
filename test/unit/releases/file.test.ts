import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ReleaseSourceError } from '../../../src/errors.ts';
import { createFileReleaseSource } from '../../../src/releases/file.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'releases-'));
});
after(() => rm(folder, { recursive: true }));

async function refusal(path: string): Promise<ReleaseSourceError> {
  const error = await createFileReleaseSource(path)
    .latest()
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof ReleaseSourceError, String(error));
  assert.equal(error.retryable, false);
  return error;
}

test('a missing file is told with its path and the setting', async () => {
  const path = join(folder, 'none.json');
  const { message } = await refusal(path);
  assert.ok(message.includes(path) && message.endsWith('Check releases.file.'), message);
});

test('a file that is no JSON is told as such', async () => {
  const path = join(folder, 'releases.yaml');
  await writeFile(path, 'releases: []');
  assert.match((await refusal(path)).message, /releases\.yaml is not JSON: /);
});

test('a file that was cut off, or holds something else, is told with what belongs there', async () => {
  const path = join(folder, 'cut.json');
  await writeFile(path, '{"releases": [{"image": "a/b:1"}, {"ima');
  const cut = await refusal(path);
  assert.ok(cut.message.startsWith(`${path} is not JSON: `), cut.message);
  assert.match(
    cut.message,
    /fetch it again: all of the answer of latest-releases belongs into it\.$/,
  );

  await writeFile(path, '[{"image": "a/b:1"}]');
  assert.match((await refusal(path)).message, /holds a JSON list where .* Put the answer of/);
  await writeFile(path, '{"status": "error", "message": "token expired"}');
  assert.match(
    (await refusal(path)).message,
    /holds an error: "token expired", not releases\. Put the answer of latest-releases there/,
  );
});

test('a byte order mark is no part of the JSON', async () => {
  const path = join(folder, 'bom.json');
  await writeFile(path, '\u{feff}{"releases": [{"image": "a/b:1"}]}');
  assert.deepEqual((await createFileReleaseSource(path).latest()).releases, [{ image: 'a/b:1' }]);
});
