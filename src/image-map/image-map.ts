import { parseReferenceParts } from '../registry/reference.ts';
import { parseMapDocument } from './document.ts';
import { identityOf, identityOfParts, type MapEntry, suffixOf } from './entry.ts';

export type { MapEntry } from './entry.ts';

/** What the orchestrator pulls for a reference, and why. */
export interface Resolution {
  /**
   * `exact`: an entry for this very reference. `repository`: an entry for its repository, tag and
   * digest appended. `unchanged`: no entry.
   */
  readonly rule: 'exact' | 'repository' | 'unchanged';
  /** The entry's key as it is spelled in the map; absent for `unchanged`. */
  readonly key?: string;
  /** What to pull. */
  readonly reference: string;
}

/** A map at one moment. Read it anew for every decision; never keep one. */
export class ImageMap {
  /** In the order of the file. */
  readonly entries: readonly MapEntry[];
  readonly #byIdentity: ReadonlyMap<string, MapEntry>;

  /** Use {@link parseImageMap}: it checks what this takes for granted. */
  constructor(entries: readonly MapEntry[]) {
    this.entries = entries;
    this.#byIdentity = new Map(entries.map((entry) => [identityOf(entry.key), entry]));
  }

  /**
   * The entry of exactly this key, in whichever spelling: a bare repository finds only the entry
   * of the repository, a tag only that of the tag.
   *
   * @throws ConfigError if `key` is not an image reference
   */
  entry(key: string): MapEntry | undefined {
    return this.#byIdentity.get(identityOf(key));
  }

  /**
   * Decides what is pulled for an announced reference. An exact entry wins and its value is used
   * verbatim; otherwise the repository's entry with the reference's own tag and digest appended;
   * otherwise the reference as it came. A digest is never dropped in favour of an entry that names
   * only the tag: whoever asked for a digest gets these bytes or none.
   *
   * @throws ConfigError if `reference` is not an image reference
   */
  resolve(reference: string): Resolution {
    const parts = parseReferenceParts(reference);
    const suffix = suffixOf(parts);
    const exact = this.#byIdentity.get(identityOfParts(parts));
    if (exact !== undefined) {
      const rule = suffix === '' ? 'repository' : 'exact';
      return { rule, key: exact.key, reference: exact.value };
    }
    const bare = this.#byIdentity.get(
      identityOfParts({ ...parts, tag: undefined, digest: undefined }),
    );
    if (bare !== undefined) {
      return { rule: 'repository', key: bare.key, reference: `${bare.value}${suffix}` };
    }
    return { rule: 'unchanged', reference };
  }
}

/**
 * Parses the text of an `image-map.yaml`. A file that is empty or holds only comments is an empty
 * map; keys other than `images` belong to others and are let be.
 *
 * @param location - names the map in error messages
 * @throws MapStoreError `MAP_INVALID`, listing every problem with line and column
 */
export function parseImageMap(text: string, location: string = 'image-map.yaml'): ImageMap {
  const { entries } = parseMapDocument(text, location);
  return new ImageMap(entries.map(({ key, value }) => ({ key, value })));
}
