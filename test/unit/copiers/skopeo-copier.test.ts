import assert from 'node:assert/strict';
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSkopeoCopier } from '../../../src/copiers/skopeo-copier.ts';
import { formatRepository } from '../../../src/registry/reference.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { buildImage, push } from '../../support/images.ts';

test('a repository that has to be there is seen to before skopeo writes to it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sdr-skopeo-'));
  t.after(() => rm(folder, { recursive: true }));
  const order = join(folder, 'order');
  const binary = join(folder, 'skopeo');
  const script = `#!/bin/sh\ncase "$1" in --version) echo "skopeo version 1.18.0";; *) echo copied >> ${order};; esac\n`;
  await writeFile(binary, script);
  await chmod(binary, 0o755);
  const [source, target] = [new MemoryRegistry(), new MemoryRegistry()];
  const image = buildImage({ seed: 'ensured' });
  push(source.repository('src.example/app'), image);
  const copier = createSkopeoCopier({
    source,
    target,
    signatures: false,
    binary,
    credentialFor: async () => Promise.resolve({ kind: 'anonymous', origin: 'a test' }),
    settingsFor: () => ({}),
    ensureRepository: async (repository) =>
      appendFile(order, `ensured ${formatRepository(repository)}\n`),
  });
  await copier.copy(
    { kind: 'digest', registry: 'src.example', repository: 'app', digest: image.digest },
    { kind: 'tag', registry: 'dst.example', repository: 'mirrored/app', tag: '1' },
  );
  assert.deepEqual((await readFile(order, 'utf8')).split('\n').slice(0, 2), [
    'ensured dst.example/mirrored/app',
    'copied',
  ]);
});
