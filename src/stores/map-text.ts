import { MapStoreError } from '../errors.ts';

/** Largest object read as a map; maps are some kilobytes. */
export const MAX_MAP_BYTES: number = 8 * 1024 * 1024;

/** How a map is labelled where the store keeps a content type (RFC 9512). */
export const MAP_CONTENT_TYPE: string = 'application/yaml';

/**
 * The text of a map's bytes. A byte order mark stays, and bytes that are not UTF-8 are refused:
 * either would be lost at the next write.
 *
 * @throws MapStoreError `MAP_INVALID`
 */
export function decodeMapText(bytes: Uint8Array, location: string): string {
  assertMapSize(bytes.byteLength, location);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new MapStoreError(
      'MAP_INVALID',
      `${location} is not UTF-8 text and was left untouched: save it as UTF-8`,
      error,
    );
  }
}

/** @throws MapStoreError `MAP_INVALID`: too large to be a map */
export function assertMapSize(bytes: number, location: string): void {
  if (bytes <= MAX_MAP_BYTES) return;
  throw new MapStoreError(
    'MAP_INVALID',
    `${location} holds ${bytes} bytes, more than the ${MAX_MAP_BYTES} a map may have: it is something else`,
  );
}
