import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import { formatPlatform } from '../registry/platform.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { CopySession } from './copy-session.ts';
import type { ManifestTree } from './manifest-tree.ts';
import { platformsOf } from './platforms.ts';

const IMAGE_CONFIG =
  /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/;
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * The platforms that a tree holds, for reports, each once: an index lists them, an image by itself
 * names its own in its config. Empty where neither says.
 */
export async function imagePlatforms(
  tree: ManifestTree,
  source: RegistryReader,
  session: CopySession,
  logger: Logger,
): Promise<readonly string[]> {
  const { manifest } = tree;
  if (manifest?.kind !== 'image') return [...new Set(platformsOf(tree).map(formatPlatform))];
  const { config } = manifest;
  if (config === undefined || !IMAGE_CONFIG.test(config.mediaType)) return [];
  try {
    const bytes = await source.getBlob(session.source, config, {
      ...session.options,
      maxBytes: MAX_CONFIG_BYTES,
    });
    return platformIn(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    session.stopped.throwIfAborted();
    // Whether the image can be copied is for the copy to find out.
    logger.debug(`the platform of an image is not known: ${errorMessage(error)}`);
    return [];
  }
}

function platformIn(config: unknown): readonly string[] {
  if (typeof config !== 'object' || config === null) return [];
  const { os, architecture, variant } = config as Readonly<Record<string, unknown>>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return [];
  return [
    formatPlatform({ os, architecture, ...(typeof variant === 'string' ? { variant } : {}) }),
  ];
}
