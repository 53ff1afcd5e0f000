import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atDigest } from '../../../src/registry/reference.ts';
import { digestOf } from '../../../src/registry/manifest.ts';
import { whenUsed } from '../../../src/signatures/when-used.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';

test('the verifier is made once, when something is to be verified', async () => {
  const digest = digestOf(Buffer.from('image'));
  const image = atDigest({ registry: 'registry.example', repository: 'app' }, digest);
  let made = 0;
  const verifier = whenUsed(async () => {
    made += 1;
    return new FakeSignatureVerifier().accept(digest);
  });
  assert.equal(made, 0);
  const verdicts = await Promise.all([verifier.verify(image), verifier.verify(image)]);
  assert.deepEqual(
    verdicts.map((verdict) => verdict.digest),
    [digest, digest],
  );
  assert.equal(made, 1);
});
