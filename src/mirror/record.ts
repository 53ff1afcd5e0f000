import { setEntries, type MapEntry } from '../image-map/edit.ts';
import { identityOf } from '../image-map/entry.ts';
import { parseImageMap, type ImageMap } from '../image-map/image-map.ts';
import { formatReference, formatRepository } from '../registry/reference.ts';
import { isMappedElsewhere, isMappedToTarget, type NamedImage } from './discover.ts';

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
    return policy.existingEntry === 'replace' || !isMappedElsewhere(image, mapped);
  });
  if (wanted.length === 0) return text ?? '';

  const entries = policy.entries === 'repository' ? bareOrExact(wanted, before) : wanted.map(exact);
  const edited = setEntries(text, entries);
  // An exact entry wins over a bare one: what the bare entry does not reach gets one of its own.
  const after = parseImageMap(edited);
  const missed = wanted.filter(
    (image) => !isMappedToTarget(image, after.resolve(image.release.image)),
  );
  return missed.length === 0 ? edited : setEntries(edited, missed.map(exact));
}

function exact({ release, target }: NamedImage): MapEntry {
  return { key: release.image, value: formatReference(target) };
}

/**
 * Bare entries, as far as they go. One serves all tags of a repository: the images of this run, which
 * may disagree about it, and others that an entry already there leads to where they are. So the first
 * image decides, one that stands there stays, and whoever needs another has an exact entry.
 */
function bareOrExact(images: readonly NamedImage[], map: ImageMap): readonly MapEntry[] {
  const chosen = new Map<string, string>();
  return images.map((image) => {
    const bare = bareEntry(image);
    if (bare === undefined) return exact(image);
    const identity = identityOf(bare.key);
    const value = chosen.get(identity) ?? map.entry(bare.key)?.value ?? bare.value;
    chosen.set(identity, value);
    return value === bare.value ? bare : exact(image);
  });
}

function bareEntry({ release, target, keepsTags }: NamedImage): MapEntry | undefined {
  if (!keepsTags) return undefined;
  return {
    key: release.image.slice(0, release.image.lastIndexOf(':')),
    value: formatRepository(target),
  };
}
