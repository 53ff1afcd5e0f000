import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFileStore } from '../../../src/stores/file.ts';
import { assertNothingIsLost } from '../../support/many-writers.ts';
import { temporaryFolder } from '../../support/servers/server-process.ts';

const folder = await temporaryFolder('file-store');
after(folder.remove);

test('a file: sixteen writers and a person lose nothing', async () => {
  const path = join(folder.path, 'image-map.yaml');
  await assertNothingIsLost(() => createFileStore(path));
});
