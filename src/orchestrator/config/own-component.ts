import { stringify } from 'yaml';
import { Secret } from '../../secret.ts';
import { getAt, setAt } from '../../settings/raw.ts';
import type { OrchestratorConfig } from './config.ts';

/**
 * Where the file says where the map is, but not in which store, it is in that of the file's own
 * `objectstore`.
 */
export function withMapPlace(data: unknown, path: string): unknown {
  const key = getAt(data, ['container_registry', 'image_map_path']);
  const map = getAt(data, ['orchestrator', 'map']);
  if (key === undefined && map === undefined) return data;
  const isPlaced = ['store', 'component'].some((setting) => getAt(map, [setting]) !== undefined);
  if (isPlaced) return data;
  const own = setAt(data, ['orchestrator', 'map', 'component'], path);
  return getAt(map, ['key']) !== undefined || typeof key !== 'string'
    ? own
    : setAt(own, ['orchestrator', 'map', 'key'], key);
}

/** Lets the map's store see the file's own component as it was expanded, not as it was written. */
export function withOwnContent(
  config: Partial<OrchestratorConfig>,
  path: string,
  data: unknown,
): Partial<OrchestratorConfig> {
  const store = config.images?.map?.store;
  if (config.images?.map === undefined || typeof store !== 'object' || store.path !== path) {
    return config;
  }
  const content = new Secret(stringify({ components: getAt(data, ['components']) }));
  const map = { ...config.images.map, store: { ...store, content } };
  return { ...config, images: { ...config.images, map } };
}
