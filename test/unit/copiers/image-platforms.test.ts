import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { RegistryError } from '../../../src/errors.ts';
import { parsePlatform } from '../../../src/registry/platform.ts';
import { atDigest, parseTagReference } from '../../../src/registry/reference.ts';
import { MemoryRegistry, type RegistryCall } from '../../fakes/memory-registry.ts';
import {
  buildArtifact,
  buildImage,
  buildIndex,
  push,
  type TestImage,
} from '../../support/images.ts';

const FROM = parseTagReference('source.example/a:1');
const TO = parseTagReference('target.example/a:1');

async function platformsOf(
  image: TestImage,
  before: (call: RegistryCall) => void = () => undefined,
): Promise<readonly string[]> {
  const source = new MemoryRegistry({ side: 'source', before });
  push(source.repository('source.example/a'), image, '1');
  const copier = createRegistryCopier({
    source,
    target: new MemoryRegistry({ side: 'target' }),
    signatures: false,
    lookAgainAfter: [0],
  });
  return (await copier.copy(atDigest(FROM, image.digest), TO)).platforms;
}

function failReading({ method }: RegistryCall): void {
  if (method === 'getBlob') throw new RegistryError('REGISTRY_UNAVAILABLE', '503');
}

const arm = buildImage({ seed: 'arm', platform: parsePlatform('linux/arm64/v8') });
const intel = buildImage({ seed: 'intel', platform: parsePlatform('linux/amd64') });

test('an index lists its platforms, attestations are none', async () => {
  const index = buildIndex({ children: [arm, intel], attestations: true });
  assert.deepEqual(await platformsOf(index), ['linux/arm64/v8', 'linux/amd64']);
});

test('an image by itself says its own in its config', async () => {
  assert.deepEqual(await platformsOf(arm), ['linux/arm64/v8']);
});

test('an artifact is for none', async () => {
  assert.deepEqual(
    await platformsOf(buildArtifact({ artifactType: 'application/x', layers: [] })),
    [],
  );
});

test('a config that cannot be read fails no copy', async () => {
  assert.deepEqual(await platformsOf(intel, failReading), []);
});
