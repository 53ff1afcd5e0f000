import type { Options } from '../options.ts';
import type { DigestReference } from '../registry/reference.ts';
import { atDigest } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * How long ago an image says it was created, by the config of its first platform. Reproducible
 * builds write 1970 and count as old.
 *
 * @returns seconds, negative for the future; `undefined` where the image does not say
 * @throws RegistryError
 */
export async function imageAgeSeconds(
  registry: RegistryReader,
  image: DigestReference,
  now: number,
  options: Options,
): Promise<number | undefined> {
  let manifest = await registry.getManifest(image, options);
  if (manifest?.kind === 'index') {
    // BuildKit's attestations are images of no platform; they tell no age.
    const child = manifest.manifests.find(({ platform }) => platform?.os !== 'unknown');
    if (child === undefined) return undefined;
    manifest = await registry.getManifest(atDigest(image, child.digest), options);
  }
  if (manifest?.kind !== 'image' || manifest.config === undefined) return undefined;
  const config = await registry.getBlob(image, manifest.config, {
    ...options,
    maxBytes: MAX_CONFIG_BYTES,
  });
  const created = createdAt(config);
  return created === undefined ? undefined : (now - created) / 1000;
}

function createdAt(config: Uint8Array): number | undefined {
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(config).toString('utf8'));
  } catch {
    // Artifacts may carry a config of any kind; one that is no image config tells no age.
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('created' in body)) return undefined;
  const time = typeof body.created === 'string' ? Date.parse(body.created) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
