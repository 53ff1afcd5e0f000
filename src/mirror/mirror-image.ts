import type { ImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import { formatReference } from '../registry/reference.ts';
import type { UnnamedImage } from './announce.ts';
import { discover, type NamedImage } from './discover.ts';
import { plan, type PlannedImage } from './plan.ts';
import { reportError, type ImageOutcome, type ImageReport } from './report.ts';
import type { RunDependencies, RunOptions, RunSettings } from './run.ts';
import { SignaturePending, verify } from './verify.ts';

/** A step an image is seen in from outside. */
export type Step = 'discover' | 'verify' | 'copy';

export interface ImageResult {
  readonly report: ImageReport;
  /** Set when the image is at the target and the map should name it. */
  readonly mirrored?: NamedImage;
  /** Set when the image failed. */
  readonly error?: unknown;
}

interface ImageContext {
  readonly dependencies: RunDependencies;
  readonly settings: RunSettings;
  readonly options: RunOptions;
  readonly map: ImageMap;
}

/** Takes one image through the steps. Never throws: a failure is a result, like any other. */
export async function mirrorImage(
  image: NamedImage | UnnamedImage,
  context: ImageContext,
): Promise<ImageResult> {
  const { dependencies, options } = context;
  const startedAt = dependencies.now();
  const known = describe(image);
  const result = (
    outcome: ImageOutcome,
    details: Partial<ImageReport> & { readonly reason: string },
    rest: Omit<ImageResult, 'report'> = {},
  ): ImageResult => ({
    report: { ...known, outcome, ...details, durationMs: dependencies.now() - startedAt },
    ...rest,
  });

  if (options.drain?.aborted === true || isAborted(options)) {
    return result('interrupted', { reason: 'the run was told to stop' });
  }
  if ('error' in image) {
    const error = reportError(image.error);
    return result('failed', { reason: error.message, error }, { error: image.error });
  }
  let details: Partial<ImageReport> = {};
  try {
    const planned = await discoverAndPlan(image, context);
    details = { ...details, action: planned.action, ...digestOf(planned) };
    if (planned.action === 'keep')
      return result('unchanged', { ...details, reason: planned.reason });
    if (planned.action === 'refuse') throw planned.error;
    if (context.settings.until === 'plan') {
      return result('planned', { ...details, reason: planned.reason });
    }

    options.onEvent?.({ type: 'step', image: image.release.image, step: 'verify' });
    const { source, verification, waived } = await verify(
      planned.source,
      { ...dependencies, ...context.settings.verify },
      options,
    );
    details = {
      ...details,
      ...(verification === undefined ? {} : { verification }),
      ...(waived === undefined ? {} : { unverified: waived }),
    };
    if (context.settings.until === 'verify') {
      return result('planned', { ...details, reason: planned.reason });
    }

    options.onEvent?.({ type: 'step', image: image.release.image, step: 'copy' });
    const { digest: _, ...copy } = await dependencies.copier.copy(source, image.target, {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onProgress: (progress) =>
        options.onEvent?.({ type: 'progress', image: image.release.image, progress }),
    });
    return result(
      planned.action === 'copy' ? 'mirrored' : 'recorded',
      { ...details, reason: planned.reason, copy },
      { mirrored: image },
    );
  } catch (error) {
    if (isAborted(options)) {
      return result('interrupted', { ...details, reason: 'the run was told to stop' });
    }
    const report = reportError(error);
    if (error instanceof SignaturePending) {
      return result('pending', { ...details, reason: error.message, error: report });
    }
    return result('failed', { ...details, reason: report.message, error: report }, { error });
  }
}

function isAborted({ signal }: Options): boolean {
  return signal?.aborted === true;
}

async function discoverAndPlan(
  image: NamedImage,
  { dependencies, settings, options, map }: ImageContext,
): Promise<PlannedImage> {
  options.onEvent?.({ type: 'step', image: image.release.image, step: 'discover' });
  const { source, target } = dependencies;
  const keepsForeignEntries = settings.existingEntry === 'keep';
  const observed = await discover(image, { source, target, map, keepsForeignEntries }, options);
  return plan(observed, settings);
}

function describe(
  image: NamedImage | UnnamedImage,
): Pick<ImageReport, 'image' | 'app' | 'version' | 'source' | 'target'> {
  const { release } = image;
  return {
    image: release.image,
    ...(release.appName === undefined ? {} : { app: release.appName }),
    ...(release.version === undefined ? {} : { version: release.version }),
    ...('target' in image
      ? { source: formatReference(image.source), target: formatReference(image.target) }
      : {}),
  };
}

function digestOf(planned: PlannedImage): Pick<ImageReport, 'digest'> {
  const digest = 'source' in planned ? planned.source.digest : planned.image.targetDigest;
  return digest === undefined ? {} : { digest };
}
