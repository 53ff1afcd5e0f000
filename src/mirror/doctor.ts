import { ConfigError, errorMessage } from '../errors.ts';
import { parseImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import { formatRepository, type Reference, type Repository } from '../registry/reference.ts';
import { checkMapStore } from '../stores/check.ts';
import type { ProvableMapStore } from '../stores/map-store.ts';
import type { ClockOffset } from '../registry/http/server-clocks.ts';
import type { TrustRootSource } from '../signatures/trust-root.ts';
import { nameImages, type UnnamedImage } from './announce.ts';
import { checkClock } from './check-clock.ts';
import type { NamedImage } from './discover.ts';
import { unannouncedEntries } from './map-entries.ts';
import type { RunDependencies, RunSettings } from './run.ts';

/** One thing that was looked at. */
export interface Finding {
  /** What was tried, in words. */
  readonly check: string;
  /** `skipped`: an earlier failure left nothing to try, or the configuration does not want it. */
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What was found; of a failure its cause and the next step. */
  readonly detail: string;
  readonly error?: unknown;
}

/** What a doctor looks at: the parts of a run, and what proves them. */
export interface DoctorParts {
  readonly dependencies: Pick<RunDependencies, 'releases' | 'source' | 'target'> & {
    readonly store: ProvableMapStore;
  };
  readonly settings: Pick<
    RunSettings,
    'sourceRegistry' | 'isAllowedSource' | 'naming' | 'entries' | 'verify'
  >;
  /** Whose credential a registry is asked with, and where it was found. */
  readonly credentialOrigin: (
    registry: string,
    options: Options,
  ) => Promise<{ readonly isAnonymous: boolean; readonly words: string }>;
  /** Rejects unless one may push there. Leaves nothing behind. */
  readonly checkPush: (repository: Repository, options: Options) => Promise<void>;
  /** `undefined` where no accepted signer needs one. */
  readonly trustRoot: TrustRootSource | undefined;
  /** Whose signatures are accepted, in words. */
  readonly signers: readonly string[];
  /** Rejects unless the copy engine can be used; says which it is. */
  readonly checkEngine: (options: Options) => Promise<string>;
  /** Where reports and messages go. */
  readonly places: readonly {
    readonly name: string;
    readonly look: (options: Options) => Promise<string>;
  }[];
  /** How far this machine's clock is from those of the registries asked so far. */
  readonly clockOffsets: () => readonly ClockOffset[];
}

/**
 * Tries everything a run needs, with the smallest requests that prove it, and changes nothing but a
 * scratch object beside the map, which it removes. One failure does not hide the next; only being
 * stopped ends it early, by the signal's reason.
 */
export async function* examine(parts: DoctorParts, options: Options = {}): AsyncGenerator<Finding> {
  const { dependencies, settings } = parts;
  let images: readonly (NamedImage | UnnamedImage)[] = [];
  const readReleases = async (): Promise<string> => {
    const { releases, skipped } = await dependencies.releases.latest(options);
    images = nameImages(releases, settings);
    const unusable = skipped.length === 0 ? '' : `; without a usable image: ${skipped.join(', ')}`;
    return `${releases.length} announced${unusable}`;
  };
  yield await find(
    `read the releases from ${dependencies.releases.location}`,
    readReleases,
    options,
  );
  let named: readonly NamedImage[] = images.filter((image) => 'target' in image);
  yield* examineNames(images);
  if (named.length === 0) {
    // What ran before, so that one trouble does not hide those of the registries.
    const readMap = async (): Promise<string> => {
      named = await imagesInMap(parts, options);
      return `${named.length} to try the registries with`;
    };
    const found = await find('find images in the map instead', readMap, options);
    // What is wrong with the map is told once, where the map is tried.
    const detail = 'the map cannot be read, see below';
    yield found.outcome === 'failed' ? { check: found.check, outcome: 'skipped', detail } : found;
  }
  if (named.length === 0) {
    const check = 'pull from the source, push to the target';
    yield { check, outcome: 'skipped', detail: 'no image is known to try it with' };
  }
  yield* examineSources(named, parts, options);
  yield* examineTargets(named, parts, options);
  for (const { name, outcome, detail, error } of await checkMapStore(dependencies.store, options)) {
    yield {
      check: `${name} (${dependencies.store.location})`,
      outcome,
      detail: detail ?? '',
      ...(error === undefined ? {} : { error }),
    };
  }
  yield* examineTrust(parts, options);
  yield await find('use the copy engine', parts.checkEngine, options);
  for (const { name, look } of parts.places) yield await find(name, look, options);
  yield examineClock(parts);
}

function* examineNames(images: readonly (NamedImage | UnnamedImage)[]): Generator<Finding> {
  const unnamed = images.filter((image) => 'error' in image);
  const check = 'give every image a place at the target';
  if (unnamed.length === 0) {
    yield { check, outcome: images.length === 0 ? 'skipped' : 'ok', detail: '' };
  }
  for (const { release, error } of unnamed) {
    yield { check: `${check}: ${release.image}`, ...failure(error) };
  }
}

/** The images that earlier runs have mirrored. */
async function imagesInMap(
  { dependencies: { store }, settings }: DoctorParts,
  options: Options,
): Promise<readonly NamedImage[]> {
  const stored = await store.read(options);
  return unannouncedEntries(parseImageMap(stored?.text ?? '', store.location), [], settings).images;
}

/**
 * Whether each registry answers, and takes the credential: one HEAD for each repository, since the
 * rights of a credential may differ. Of nobody's rights one image that is there tells enough.
 */
async function* examineSources(
  images: readonly NamedImage[],
  { dependencies, credentialOrigin }: DoctorParts,
  options: Options,
): AsyncGenerator<Finding> {
  for (const image of firstOfEach(images, ({ source }) => source.registry)) {
    const { registry } = image.source;
    const look = async (): Promise<string> => {
      const lacking: string[] = [];
      const { isAnonymous, words } = await credentialOrigin(registry, options);
      for (const { source, release } of firstOfEach(
        images.filter((each) => each.source.registry === registry),
        (each) => formatRepository(each.source),
      )) {
        const head = await dependencies.source.head(source, options);
        if (head === undefined) lacking.push(release.image);
        else if (isAnonymous) break;
      }
      return `by ${words}${lacking.length === 0 ? '' : `, though it lacks ${lacking.join(', ')}`}`;
    };
    yield await find(`pull from ${registry}`, look, options);
  }
}

/** An upload begun and given up in every repository that a run would write to. */
async function* examineTargets(
  images: readonly NamedImage[],
  { dependencies, credentialOrigin, checkPush }: DoctorParts,
  options: Options,
): AsyncGenerator<Finding> {
  for (const { target } of firstOfEach(images, (image) => formatRepository(image.target))) {
    const look = async (): Promise<string> => {
      await dependencies.target.head(target satisfies Reference, options);
      await checkPush(target, options);
      return `by ${(await credentialOrigin(target.registry, options)).words}`;
    };
    yield await find(`pull from and push to ${formatRepository(target)}`, look, options);
  }
}

/** Whose signatures count, and what they are checked against. */
async function* examineTrust(
  { settings, trustRoot, signers }: DoctorParts,
  options: Options,
): AsyncGenerator<Finding> {
  const { mode } = settings.verify;
  const check = 'verify signatures';
  if (mode === 'off') {
    yield { check, outcome: 'skipped', detail: 'verify.mode is off: nothing is verified' };
    return;
  }
  const warning = mode === 'warn' ? 'verify.mode is warn: others are mirrored too. ' : '';
  yield { check, outcome: 'ok', detail: `${warning}${signers.join('. ')}` };
  if (trustRoot === undefined) {
    const detail = 'no accepted key needs one';
    yield { check: 'read the trust root', outcome: 'skipped', detail };
    return;
  }
  const read = async (): Promise<string> => {
    await trustRoot.load(options);
    return '';
  };
  yield await find(`read the trust root (${trustRoot.location})`, read, options);
}

/** Last, when registries have said what time it is. */
function examineClock({ clockOffsets }: DoctorParts): Finding {
  const check = "compare this machine's clock";
  try {
    const detail = checkClock(clockOffsets());
    return detail === undefined
      ? { check, outcome: 'skipped', detail: 'no registry said what time it is' }
      : { check, outcome: 'ok', detail };
  } catch (error) {
    return { check, ...failure(error) };
  }
}

async function find(
  check: string,
  look: (options: Options) => Promise<string>,
  options: Options,
): Promise<Finding> {
  options.signal?.throwIfAborted();
  try {
    return { check, outcome: 'ok', detail: await look(options) };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { check, ...failure(error) };
  }
}

function failure(error: unknown): Pick<Finding, 'outcome' | 'detail' | 'error'> {
  const detail =
    error instanceof ConfigError
      ? error.issues.map(({ message }) => message).join('; ')
      : errorMessage(error);
  return { outcome: 'failed', detail, error };
}

function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.toReversed().map((item) => [keyOf(item), item])).values()].toReversed();
}
