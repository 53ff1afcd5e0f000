import { ConfigError, MapStoreError } from '../../errors.ts';
import { parseMapDocument } from '../../image-map/document.ts';
import { parseImageMap } from '../../image-map/image-map.ts';
import { parseReference } from '../../registry/reference.ts';
import type { StoredMap } from '../../stores/map-store.ts';
import type { MapExplanation, ResolvedImage } from './resolved-image.ts';

/**
 * What the map says is pulled for an announced image.
 *
 * @throws MapStoreError `MAP_INVALID`
 * @throws ConfigError what is announced is not an image
 */
export function resolveByMap(
  announced: string,
  { text, revision }: StoredMap,
  location: string,
): ResolvedImage {
  // Checked first: what is wrong with the wish is not the map's fault.
  parseReference(announced);
  const { rule, key, reference } = parseImageMap(text, location).resolve(announced);
  if (key === undefined) {
    const explanation: MapExplanation = { rule: 'not-in-map', map: { location, revision } };
    return { announced, reference: parseReference(announced), explanation };
  }
  const entry = entryOf(key, text, location);
  const explanation: MapExplanation = {
    rule: rule === 'exact' ? 'map-exact' : 'map-repository',
    map: { location, revision, entry },
  };
  try {
    return { announced, reference: parseReference(reference), explanation };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new MapStoreError(
      'MAP_INVALID',
      `${location}:${entry.line}: the entry of ${JSON.stringify(key)} leads to ${JSON.stringify(reference)}, which names no image: write its tag or digest`,
      error,
    );
  }
}

function entryOf(
  key: string,
  text: string,
  location: string,
): { readonly key: string; readonly value: string; readonly line: number } {
  const entry = parseMapDocument(text, location).entries.find((one) => one.key === key);
  if (entry === undefined) throw new TypeError(`the map lost its entry ${key}`);
  const line = text.slice(0, entry.valueNode.range[0]).split('\n').length;
  return { key, value: entry.value, line };
}
