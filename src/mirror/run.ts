import pLimit from 'p-limit';
import type { CopyProgress, ImageCopier } from '../copiers/image-copier.ts';
import { LOOK_AGAIN_AFTER } from '../copiers/read-back.ts';
import { MirrorError } from '../errors.ts';
import { parseImageMap } from '../image-map/image-map.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { ReleaseSource } from '../releases/release-source.ts';
import type { SignatureVerifier } from '../signatures/signature-verifier.ts';
import type { MapStore } from '../stores/map-store.ts';
import { laterSignal, STOP_GRACES, type StopGraces } from './abandon.ts';
import { nameImages, type NamingPolicy } from './announce.ts';
import { ask } from './ask.ts';
import { anySignal, deadline, runGivenUp } from './deadline.ts';
import { finish } from './finish.ts';
import { guarded } from './guarded.ts';
import type { ImageResult } from './image-result.ts';
import type { Inspector } from './inspect.ts';
import { mirrorImage, type ImageContext, type Step } from './mirror-image.ts';
import type { PlanPolicy } from './plan.ts';
import { Publisher } from './publisher.ts';
import type { RecordPolicy } from './record.ts';
import { reportError, totalsOf, type ImageReport, type RunReport } from './report.ts';
import type { VerifyMode } from './verify.ts';

/** The parts of a run, each behind its seam. */
export interface RunDependencies {
  readonly releases: ReleaseSource;
  readonly source: RegistryReader;
  readonly target: RegistryReader;
  readonly verifier: SignatureVerifier;
  readonly copier: ImageCopier;
  readonly store: MapStore;
  /** Makes the run look behind the tags of what it would keep, and mend it. Two HEADs an image without. */
  readonly inspector?: Inspector;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface RunSettings extends NamingPolicy, PlanPolicy, RecordPolicy {
  /** The last step that is allowed: `plan` and `verify` change nothing anywhere. */
  readonly until: 'plan' | 'verify' | 'publish';
  readonly verify: { readonly mode: VerifyMode; readonly graceSeconds: number };
  /** Images in flight at once. */
  readonly concurrency: number;
  /** Longest that one image and the whole run may take, in milliseconds; for ever without. */
  readonly imageTimeoutMs?: number;
  readonly timeoutMs?: number;
  /** Least milliseconds between two writes of the map while images are still being copied. */
  readonly publishIntervalMs: number;
  /** Milliseconds before each further look at a tag that does not show what was copied. */
  readonly lookAgainAfter?: readonly number[];
}

export interface RunOptions extends Options {
  /** Takes no new image from here on; what is in flight is finished and published. */
  readonly drain?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  readonly stop?: StopGraces;
}

/** The same, with the bounds that follow from it. */
export interface BoundedOptions extends RunOptions {
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted when images in flight are to be left behind. */
  readonly abandon: AbortSignal;
  /** Aborted when the map is to be left as it is. */
  readonly deadline: AbortSignal;
  readonly signal: AbortSignal;
  readonly stop: StopGraces;
}

/** What a display may want to show while a run goes on. */
export type RunEvent =
  | { readonly type: 'started'; readonly images: number }
  | { readonly type: 'step'; readonly image: string; readonly step: Step }
  | { readonly type: 'progress'; readonly image: string; readonly progress: CopyProgress }
  /** Comes again, as `failed`, for an image that the target has lost before the map could name it. */
  | { readonly type: 'finished'; readonly report: ImageReport };

export interface RunResult {
  readonly report: RunReport;
  /** Every failure, for the exit code. */
  readonly errors: readonly unknown[];
}

/**
 * One pass: discover → plan → verify → copy → record → publish.
 *
 * Images go through the steps independently of each other, so the first may be published before the
 * last is discovered, and one that fails keeps nobody waiting.
 *
 * @throws ReleaseSourceError nothing is known about what to mirror
 * @throws MapStoreError the map cannot be read or understood; nothing was changed
 */
export async function run(
  dependencies: RunDependencies,
  settings: RunSettings,
  options: RunOptions = {},
): Promise<RunResult> {
  const { stop = STOP_GRACES } = options;
  const late = deadline(settings.timeoutMs, runGivenUp);
  const signal = anySignal(options.signal, late.signal);
  const abandon = laterSignal(signal, stop.imagesMs);
  const publishUntil = laterSignal(signal, stop.publishMs);
  const onEvent = guarded(options.onEvent, dependencies.logger);
  try {
    return await onePass(dependencies, settings, {
      ...options,
      signal,
      stop,
      onEvent,
      abandon: abandon.signal,
      deadline: publishUntil.signal,
    });
  } finally {
    late.dispose();
    abandon.dispose();
    publishUntil.dispose();
  }
}

async function onePass(
  dependencies: RunDependencies,
  settings: RunSettings,
  options: BoundedOptions,
): Promise<RunResult> {
  const { store, target, logger, now } = dependencies;
  const startedAt = now();
  const { announced, stored } = await ask(dependencies, options);
  const map = parseImageMap(stored?.text ?? '', store.location);
  const publisher = new Publisher({
    store,
    target,
    policy: settings,
    logger,
    revision: stored?.revision,
    intervalMs: settings.publishIntervalMs,
    lookAgainAfter: settings.lookAgainAfter ?? LOOK_AGAIN_AFTER,
    now,
    signal: options.deadline,
  });

  const images = nameImages(announced.releases, settings);
  options.onEvent({ type: 'started', images: images.length });
  const mirrored = await mirrorAll(images, publisher, { dependencies, settings, options, map });
  const { results, error } = await finish(mirrored, publisher, store.location, options);

  const reports = results.map(({ report }) => report);
  return {
    errors: [...results, { error }, { error: givenUp(options.signal) }].flatMap((each) =>
      each.error === undefined ? [] : [each.error],
    ),
    report: {
      startedAt: new Date(startedAt).toISOString(),
      durationMs: now() - startedAt,
      until: settings.until,
      interrupted: options.signal.aborted || options.drain?.aborted === true,
      verify: settings.verify.mode,
      releases: { location: dependencies.releases.location, skipped: announced.skipped },
      images: reports,
      totals: totalsOf(reports),
      map: {
        location: store.location,
        changed: publisher.map.changed,
        ...(publisher.map.revision === undefined ? {} : { revision: publisher.map.revision }),
        ...(error === undefined ? {} : { error: reportError(error) }),
      },
    },
  };
}

/** A deadline is a failure of its own; a stop that somebody asked for is none. */
function givenUp({ reason }: AbortSignal): MirrorError | undefined {
  return reason instanceof MirrorError ? reason : undefined;
}

async function mirrorAll(
  images: ReturnType<typeof nameImages>,
  publisher: Publisher,
  context: ImageContext,
): Promise<readonly ImageResult[]> {
  const limit = pLimit(context.settings.concurrency);
  return Promise.all(
    images.map((image) =>
      limit(async () => {
        const result = await mirrorImage(image, context);
        if (result.mirrored !== undefined) publisher.add(result.mirrored);
        context.options.onEvent({ type: 'finished', report: result.report });
        return result;
      }),
    ),
  );
}
