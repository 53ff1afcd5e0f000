import { MapStoreError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Options } from '../../options.ts';
import type { Environment } from '../../settings/interpolate.ts';
import type { MapPlaceConfig } from '../../settings/shared-config.ts';
import type { MapReader } from '../../stores/map-store.ts';
import { openMapStore } from '../../stores/open.ts';
import type { ImagesConfig } from '../config/config.ts';
import { resolveByBase } from './by-base.ts';
import { resolveByMap } from './by-map.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** Decides what is pulled for an announced image. */
export interface ImageResolver {
  /**
   * Decides anew each time: the map is read now, nothing is remembered. Where there is a map but
   * it cannot be read, nothing is pulled from anywhere else.
   *
   * @throws MapStoreError the map is not there, cannot be read or is not valid
   * @throws ConfigError what is announced is not an image
   */
  resolve(announced: string, options?: Options): Promise<ResolvedImage>;
}

export interface ImageResolverOptions {
  readonly images: ImagesConfig;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** The environment, completed by `.env`. */
  readonly env: Environment;
  readonly logger?: Logger;
  /** Opens the map; the stores of this product by default. */
  readonly openMap?: (place: MapPlaceConfig) => Promise<MapReader>;
}

/** Makes a resolver from the configuration; nothing is opened yet. */
export function createImageResolver(options: ImageResolverOptions): ImageResolver {
  const { images, cwd, env, logger } = options;
  const openMap =
    options.openMap ??
    ((place: MapPlaceConfig): Promise<MapReader> =>
      openMapStore(place.store, { ...place.settings, cwd, env, ...(logger && { logger }) }));
  return {
    resolve: async (announced, { signal } = {}) => {
      signal?.throwIfAborted();
      if (images.map === undefined) return resolveByBase(announced, images);
      const map = await openMap(images.map);
      const stored = await map.read(signal === undefined ? {} : { signal });
      if (stored === undefined) {
        throw new MapStoreError(
          'MAP_UNAVAILABLE',
          `There is no image map at ${map.location}, so nobody can tell what to pull for ${announced}. Let the mirror write it, or correct container_registry.image_map_path.`,
        );
      }
      return resolveByMap(announced, stored, map.location);
    },
  };
}
