import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdmittedImage } from '../../../src/orchestrator/admit.ts';
import { createImageSource } from '../../../src/orchestrator/image-source.ts';
import type { ResolvedImage } from '../../../src/orchestrator/resolve/resolved-image.ts';
import { atDigest, parseReference, type DigestReference } from '../../../src/registry/reference.ts';
import type { Revision } from '../../../src/stores/map-store.ts';

const ANNOUNCED = 'atlanhq/x:1';
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const REFERENCE = parseReference('registry.mycompany.com/x:1');
const CREDENTIAL = { kind: 'anonymous', origin: 'the test' } as const;
const BY_MAP: ResolvedImage = {
  announced: ANNOUNCED,
  reference: REFERENCE,
  explanation: { rule: 'not-in-map', map: { location: 'memory:', revision: '7' as Revision } },
};

function admitting(
  extra: Partial<AdmittedImage> = {},
  resolution: ResolvedImage = BY_MAP,
): { readonly source: ReturnType<typeof createImageSource>; readonly asked: ResolvedImage[] } {
  const asked: ResolvedImage[] = [];
  const source = createImageSource(
    { resolve: async () => resolution },
    {
      admit: async (resolved) => {
        asked.push(resolved);
        const image = atDigest(resolved.reference, DIGEST);
        return { image, credential: CREDENTIAL, resolved, ...extra };
      },
    },
  );
  return { source, asked };
}

describe('an image to run', () => {
  test('is resolved, then admitted', async () => {
    const { source, asked } = admitting();
    assert.deepEqual(await source.admit(ANNOUNCED), {
      image: atDigest(REFERENCE, DIGEST),
      credential: CREDENTIAL,
      mapRevision: '7',
      warnings: [],
    });
    assert.deepEqual(asked, [BY_MAP]);
  });

  test('knows no revision where no map decided', async () => {
    const { source } = admitting({}, { ...BY_MAP, explanation: { rule: 'unchanged' } });
    assert.equal('mapRevision' in (await source.admit(ANNOUNCED)), false);
  });

  test('says when it is not verified', async () => {
    const { source } = admitting({ waived: 'verification is switched off' });
    assert.deepEqual((await source.admit(ANNOUNCED)).warnings, [
      'atlanhq/x:1 runs unverified: verification is switched off',
    ]);
  });

  test('that ran before is admitted by its digest, whatever the map says now', async () => {
    const { source, asked } = admitting();
    const image = atDigest(REFERENCE, DIGEST) satisfies DigestReference;
    const { image: admitted, warnings } = await source.admitDigest(ANNOUNCED, image);
    assert.deepEqual([admitted, warnings], [image, []]);
    assert.deepEqual(asked, [
      { announced: ANNOUNCED, reference: image, explanation: { rule: 'recorded' } },
    ]);
  });
});
