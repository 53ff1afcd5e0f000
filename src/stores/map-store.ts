import type { Options } from '../options.ts';

declare const revisionBrand: unique symbol;

/**
 * Opaque; compare for equality only. ETag (S3, Azure), generation (GCS), content hash (file).
 */
export type Revision = string & { readonly [revisionBrand]: true };

/** The map as it was at one moment: body and revision of one answer. */
export interface StoredMap {
  readonly text: string;
  readonly revision: Revision;
  /** Who wrote it, where the store keeps that and the writer said so. For people only. */
  readonly writer?: string;
}

/** Read access. All the orchestrator ever gets. */
export interface MapReader {
  /** For logs and errors; no credentials. */
  readonly location: string;

  /**
   * Reads the map as it is now; nothing is cached.
   *
   * @returns `undefined` if no map exists yet. A missing bucket or folder is not an empty map.
   * @throws MapStoreError `MAP_UNAVAILABLE`
   */
  read(options?: Options): Promise<StoredMap | undefined>;
}

export interface MapStore extends MapReader {
  /**
   * Replaces the map only if it still has the expected revision; `undefined` creates it. There is
   * no unconditional write.
   *
   * @throws MapStoreError `MAP_CONFLICT`: nothing changed; read, redo, write
   * @throws MapStoreError `MAP_UNAVAILABLE`: unknown whether it changed; read to find out
   */
  write(text: string, expected: Revision | undefined, options?: Options): Promise<Revision>;
}

/** A map store that can be tried out without touching the map. */
export interface ProvableMapStore extends MapStore {
  /** Another object beside the map, under the map's name and this suffix. */
  scratch(suffix: string): ScratchMapStore;
}

/** Holds nothing of value. Whoever writes it removes it. */
export interface ScratchMapStore extends MapStore {
  /** Removes the object, every version of it. Succeeds if there is none. */
  remove(options?: Options): Promise<void>;
}
