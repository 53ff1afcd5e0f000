import { compileGlobs } from '../glob.ts';
import { formatReference, formatRepository, parseReference } from '../registry/reference.ts';
import type { Release, ReleaseList, ReleaseSource } from './release-source.ts';

export interface Selection {
  /** Globs on the app's name or the image; what none of them matches is left out. */
  readonly include: readonly string[];
  /** Globs that leave out what they match, included or not. */
  readonly exclude: readonly string[];
  /** Images to keep besides what is announced, whatever `include` and `exclude` say. */
  readonly extra: readonly string[];
  /** Registry of references that name none. */
  readonly defaultRegistry?: string;
}

/**
 * Narrows a source to the chosen releases and appends the extra images, each image still once.
 *
 * @throws ConfigError a glob or an extra image cannot be read
 */
export function selectReleases(source: ReleaseSource, selection: Selection): ReleaseSource {
  const { defaultRegistry } = selection;
  const isIncluded = releaseMatcher(selection.include, defaultRegistry);
  const isExcluded = releaseMatcher(selection.exclude, defaultRegistry);
  const keyOf = (image: string): string => formatReference(parseReference(image, defaultRegistry));
  const extra = new Map(selection.extra.map((image) => [keyOf(image), { image }]));

  return {
    location: source.location,
    async latest(options): Promise<ReleaseList> {
      const { releases, skipped } = await source.latest(options);
      const selected = new Map<string, Release>();
      for (const release of releases) {
        const key = keyOf(release.image);
        const isChosen = isIncluded(release) && !isExcluded(release);
        // An extra image that is announced anyway keeps what the announcement tells of it.
        if (isChosen || extra.has(key)) selected.set(key, release);
      }
      for (const [key, release] of extra) {
        if (!selected.has(key)) selected.set(key, release);
      }
      return { releases: [...selected.values()], skipped };
    },
  };
}

/**
 * Whether one of the globs means a release.
 *
 * @throws ConfigError a glob cannot be read
 */
export function releaseMatcher(
  globs: readonly string[],
  defaultRegistry?: string,
): (release: Pick<Release, 'appName' | 'image'>) => boolean {
  const glob = compileGlobs(globs);
  return ({ appName, image }) => {
    const reference = parseReference(image, defaultRegistry);
    // People write what they see: the app, the image as announced, or its repository, with the
    // registry or without.
    return [
      appName,
      image,
      reference.repository,
      formatRepository(reference),
      formatReference(reference),
    ].some((text) => text !== undefined && glob(text));
  };
}
