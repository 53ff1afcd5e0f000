import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const script = fileURLToPath(
  new URL('../../support/sigstore/many-large-attestations.ts', import.meta.url),
);

test('sixty attestations of 6 MB each are looked at within 200 MB of heap', async () => {
  const args = ['--max-old-space-size=200', script, '60', '6000000'];
  const { stdout } = await execa(process.execPath, args);
  assert.equal(stdout, 'SIGNATURE_MISSING');
});
