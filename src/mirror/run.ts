import pLimit from 'p-limit';
import type { CopyProgress, ImageCopier } from '../copiers/image-copier.ts';
import { parseImageMap, type ImageMap } from '../image-map/image-map.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { ReleaseSource } from '../releases/release-source.ts';
import type { SignatureVerifier } from '../signatures/signature-verifier.ts';
import type { MapStore } from '../stores/map-store.ts';
import { nameImages, type NamingPolicy } from './announce.ts';
import { mirrorImage, type ImageResult, type Step } from './mirror-image.ts';
import type { PlanPolicy } from './plan.ts';
import { Publisher, type PublishedMap } from './publisher.ts';
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
  /** Least milliseconds between two writes of the map while images are still being copied. */
  readonly publishIntervalMs: number;
}

export interface RunOptions extends Options {
  /** Takes no new image from here on; what is in flight is finished and published. */
  readonly drain?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/** What a display may want to show while a run goes on. */
export type RunEvent =
  | { readonly type: 'started'; readonly images: number }
  | { readonly type: 'step'; readonly image: string; readonly step: Step }
  | { readonly type: 'progress'; readonly image: string; readonly progress: CopyProgress }
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
  const { releases, store, now } = dependencies;
  const { signal, drain, onEvent } = options;
  const startedAt = now();
  const [announced, stored] = await Promise.all([releases.latest(options), store.read(options)]);
  const map = parseImageMap(stored?.text ?? '', store.location);
  const publisher = new Publisher({
    store,
    policy: settings,
    logger: dependencies.logger,
    revision: stored?.revision,
    intervalMs: settings.publishIntervalMs,
    now,
  });

  const images = nameImages(announced.releases, settings);
  onEvent?.({ type: 'started', images: images.length });
  const results = await mirrorAll(images, { dependencies, settings, options, map, publisher });
  const published = await finish(publisher, stored?.revision);

  const reports = results.map(({ report }) => report);
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return {
    errors: published.error === undefined ? errors : [...errors, published.error],
    report: {
      startedAt: new Date(startedAt).toISOString(),
      durationMs: now() - startedAt,
      until: settings.until,
      interrupted: signal?.aborted === true || drain?.aborted === true,
      verify: settings.verify.mode,
      releases: { location: releases.location, skipped: announced.skipped },
      images: reports,
      totals: totalsOf(reports),
      map: {
        location: store.location,
        changed: published.map.changed,
        ...(published.map.revision === undefined ? {} : { revision: published.map.revision }),
        ...(published.error === undefined ? {} : { error: reportError(published.error) }),
      },
    },
  };
}

async function mirrorAll(
  images: ReturnType<typeof nameImages>,
  context: {
    readonly dependencies: RunDependencies;
    readonly settings: RunSettings;
    readonly options: RunOptions;
    readonly map: ImageMap;
    readonly publisher: Publisher;
  },
): Promise<readonly ImageResult[]> {
  const { settings, options, publisher } = context;
  const limit = pLimit(settings.concurrency);
  return Promise.all(
    images.map((image) =>
      limit(async () => {
        const result = await mirrorImage(image, context);
        if (result.mirrored !== undefined) publisher.add(result.mirrored);
        options.onEvent?.({ type: 'finished', report: result.report });
        return result;
      }),
    ),
  );
}

/** A map that cannot be written does not undo what was mirrored: it is reported beside it. */
async function finish(
  publisher: Publisher,
  revision: PublishedMap['revision'],
): Promise<{ readonly map: PublishedMap; readonly error?: unknown }> {
  try {
    return { map: await publisher.finish() };
  } catch (error) {
    return { map: { changed: false, revision }, error };
  }
}
