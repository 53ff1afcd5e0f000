import type { ImageMap, MapEntry } from '../image-map/image-map.ts';
import { suffixOf } from '../image-map/entry.ts';
import { parseReferenceParts } from '../registry/reference.ts';
import { nameImages, type NamingPolicy } from './announce.ts';
import { isMappedToTarget, type NamedImage } from './discover.ts';

/** Entries of the map that no announced image goes by. */
export interface UnannouncedEntries {
  /** Entries that a run would write for one image, with that image. */
  readonly images: readonly NamedImage[];
  /** Entries of a whole repository, as a run would write them. They name no image to look at. */
  readonly repositories: readonly MapEntry[];
  /** How many lead elsewhere than a run would: somebody else's. */
  readonly others: number;
}

/** Any tag: only where it leads counts. */
const SOME_TAG = 'some-tag';

/** Sorts the entries that no announced image goes by into ours and those of others. */
export function unannouncedEntries(
  map: ImageMap,
  announced: readonly string[],
  policy: NamingPolicy,
): UnannouncedEntries {
  const used = new Set(announced.map((image) => map.resolve(image).key));
  const unused = map.entries.filter(({ key }) => !used.has(key));
  const bare = unused.filter(isBare).filter(({ key }) => {
    const [named] = namedBy([`${key}:${SOME_TAG}`], map, policy);
    return named?.target.tag === SOME_TAG;
  });
  const exact = unused.filter((entry) => !isBare(entry)).map(({ key }) => key);
  const images = namedBy(exact, map, policy);
  return {
    images,
    repositories: bare,
    others: unused.length - bare.length - images.length,
  };
}

/** The images that the map sends to where a run would put them. */
function namedBy(
  images: readonly string[],
  map: ImageMap,
  policy: NamingPolicy,
): readonly NamedImage[] {
  return nameImages(
    images.map((image) => ({ image })),
    policy,
  )
    .filter((image) => 'target' in image)
    .filter((image) => isMappedToTarget(image, map.resolve(image.release.image)));
}

function isBare({ key }: MapEntry): boolean {
  return suffixOf(parseReferenceParts(key)) === '';
}
