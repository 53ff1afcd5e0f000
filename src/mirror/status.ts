import pLimit from 'p-limit';
import { parseImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import { formatRepository, parseReference } from '../registry/reference.ts';
import type { Release } from '../releases/release-source.ts';
import { nameImages, type UnnamedImage } from './announce.ts';
import type { NamedImage } from './discover.ts';
import { staleEntry, statusOf, type StatusSubject } from './image-status.ts';
import type { Inspector } from './inspect.ts';
import { unannouncedEntries, type UnannouncedEntries } from './map-entries.ts';
import type { RunDependencies, RunSettings } from './run.ts';
import { statusTotals, type ImageStatus, type StatusReport } from './status-report.ts';

export interface StatusDependencies extends Pick<
  RunDependencies,
  'releases' | 'source' | 'target' | 'now'
> {
  readonly store: Pick<RunDependencies['store'], 'location' | 'read'>;
  readonly inspector: Inspector;
  readonly copier: Pick<RunDependencies['copier'], 'copiedDigest'>;
}

export interface StatusSettings extends Pick<
  RunSettings,
  'sourceRegistry' | 'isAllowedSource' | 'naming' | 'existingEntry' | 'concurrency'
> {
  /** Whether signatures are looked for at the target; a report says so. */
  readonly signatures: boolean;
  /** Narrows it to some releases, and to entries of the map that name the same repositories. */
  readonly isWanted?: (release: Pick<Release, 'appName' | 'image'>) => boolean;
}

export interface StatusResult {
  readonly report: StatusReport;
  /** What kept images from being looked at, for the exit code. */
  readonly errors: readonly unknown[];
}

/**
 * Releases, map and target side by side: what is missing, has drifted, broke or went stale. Reads only.
 *
 * @throws ReleaseSourceError
 * @throws MapStoreError
 */
export async function status(
  dependencies: StatusDependencies,
  settings: StatusSettings,
  options: Options = {},
): Promise<StatusResult> {
  const { releases, store, now, source, target, inspector, copier } = dependencies;
  const startedAt = now();
  const [announced, stored] = await Promise.all([releases.latest(options), store.read(options)]);
  const map = parseImageMap(stored?.text ?? '', store.location);
  const named = nameImages(announced.releases, settings);
  const unannounced = unannouncedEntries(
    map,
    // What is no reference goes by no entry.
    named.filter((image) => 'target' in image).map(({ release }) => release.image),
    settings,
  );
  const wanted = narrow(named, unannounced, settings);
  const subjects: readonly StatusSubject[] = [
    ...wanted.announced.map((image) => ({ image, announced: true })),
    ...wanted.images.map((image) => ({ image, announced: false })),
  ];
  const keepsForeignEntries = settings.existingEntry === 'keep';
  const { copiedDigest } = copier;
  const looking = {
    source,
    target,
    map,
    keepsForeignEntries,
    inspector,
    ...(copiedDigest === undefined ? {} : { copiedDigest }),
  };
  const limit = pLimit(settings.concurrency);
  const looked = await Promise.all(
    subjects.map((subject) => limit(() => statusOf(subject, looking, options))),
  );
  const images = [
    ...looked.map((each) => each.status),
    ...wanted.repositories.map(({ key, value }): ImageStatus => ({
      image: key,
      announced: false,
      target: value,
      findings: [staleEntry(key)],
    })),
  ];
  const report: StatusReport = {
    startedAt: new Date(startedAt).toISOString(),
    durationMs: now() - startedAt,
    releases: { location: releases.location, skipped: announced.skipped },
    map: {
      location: store.location,
      ...(stored === undefined ? {} : { revision: stored.revision }),
      others: wanted.others,
    },
    signatures: settings.signatures,
    images,
    totals: statusTotals(images),
  };
  return { report, errors: looked.flatMap(({ error }) => (error === undefined ? [] : [error])) };
}

type Images = readonly (NamedImage | UnnamedImage)[];

/** Of an entry no app's name is known: it is wanted with the announced images of its repository, too. */
function narrow(
  images: Images,
  entries: UnannouncedEntries,
  { isWanted, sourceRegistry }: Pick<StatusSettings, 'isWanted' | 'sourceRegistry'>,
): UnannouncedEntries & { readonly announced: Images } {
  if (isWanted === undefined) return { ...entries, announced: images };
  const announced = images.filter(({ release }) => isWanted(release));
  const repositoryOf = (image: string): string =>
    formatRepository(parseReference(image, sourceRegistry));
  const repositories = new Set(
    announced.filter((image) => 'target' in image).map(({ source }) => formatRepository(source)),
  );
  const isMeant = (image: string): boolean =>
    isWanted({ image }) || repositories.has(repositoryOf(image));
  return {
    announced,
    images: entries.images.filter(({ release }) => isMeant(release.image)),
    repositories: entries.repositories.filter(({ key }) => isMeant(key)),
    // Whose they are nobody asked.
    others: 0,
  };
}
