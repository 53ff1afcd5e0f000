import { setEntries, type MapEntry } from '../image-map/edit.ts';
import { parseImageMap } from '../image-map/image-map.ts';
import { formatReference, formatRepository } from '../registry/reference.ts';
import { foreignReference, isMappedToTarget, type NamedImage } from './discover.ts';

export interface RecordPolicy {
  /** `tag`: one exact entry an image. `repository`: one bare entry for all tags of an app. */
  readonly entries: 'tag' | 'repository';
  /** Whether an entry that leads elsewhere is left alone. */
  readonly existingEntry: 'keep' | 'replace';
}

/**
 * Writes mirrored images into the map's text; everything else in it stays, byte for byte.
 *
 * The map is looked at afresh, since somebody may have edited it while images were copied: under
 * `keep` an entry that leads elsewhere by now is theirs and stays.
 *
 * @param text - `undefined`: there is no map yet
 * @returns the new text; the very same text when it says all this already
 * @throws MapStoreError `MAP_INVALID`: the map cannot be understood; nothing may overwrite it
 */
export function record(
  text: string | undefined,
  images: readonly NamedImage[],
  policy: RecordPolicy,
): string {
  const before = parseImageMap(text ?? '');
  const wanted = images.filter((image) => {
    const mapped = before.resolve(image.release.image);
    if (isMappedToTarget(image, mapped)) return false;
    return policy.existingEntry === 'replace' || foreignReference(image, mapped) === undefined;
  });
  if (wanted.length === 0) return text ?? '';

  const exact = (image: NamedImage): MapEntry => ({
    key: image.release.image,
    value: formatReference(image.target),
  });
  const edited = setEntries(
    text,
    wanted.map((image) => (policy.entries === 'repository' && bareEntry(image)) || exact(image)),
  );
  // A bare entry serves all tags of a repository, so it can be right for one image and wrong for
  // another, and an exact entry wins over it: what it does not reach gets an entry of its own.
  const after = parseImageMap(edited);
  const missed = wanted.filter(
    (image) => !isMappedToTarget(image, after.resolve(image.release.image)),
  );
  return missed.length === 0 ? edited : setEntries(edited, missed.map(exact));
}

/** Possible only where source and target share the tag: a bare entry appends the source's. */
function bareEntry({ release, source, target }: NamedImage): MapEntry | undefined {
  if (source.kind !== 'tag' || source.tag !== target.tag) return undefined;
  return {
    key: release.image.slice(0, release.image.lastIndexOf(':')),
    value: formatRepository(target),
  };
}
