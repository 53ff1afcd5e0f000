import type { ImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import { abandonable } from '../registry/http/clock.ts';
import { formatReference } from '../registry/reference.ts';
import type { UnnamedImage } from './announce.ts';
import { discover, type CopiedImage, type NamedImage } from './discover.ts';
import { plan, type PlannedImage } from './plan.ts';
import { reportError, type ImageOutcome, type ImageReport } from './report.ts';
import type { BoundedOptions, RunDependencies, RunSettings } from './run.ts';
import { SignaturePending, verify } from './verify.ts';

/** A step an image is seen in from outside. */
export type Step = 'discover' | 'verify' | 'copy';

export interface ImageResult {
  readonly report: ImageReport;
  /** Set when the image is at the target and the map should name it. */
  readonly mirrored?: CopiedImage;
  /** Set when the image failed. */
  readonly error?: unknown;
}

export interface ImageContext {
  readonly dependencies: RunDependencies;
  readonly settings: RunSettings;
  readonly options: BoundedOptions;
  readonly map: ImageMap;
}

type ImageReportSoFar = Omit<ImageReport, 'outcome' | 'reason' | 'durationMs'>;

const TOLD_TO_STOP = 'the run was told to stop';

/** Takes one image through the steps. Never throws: a failure is a result, like any other. */
export async function mirrorImage(
  image: NamedImage | UnnamedImage,
  context: ImageContext,
): Promise<ImageResult> {
  const { dependencies, options } = context;
  const startedAt = dependencies.now();
  let known: ImageReportSoFar = describe(image);
  const result = (
    outcome: ImageOutcome,
    reason: string,
    rest: Pick<ImageReport, 'error' | 'copy'> = {},
  ): ImageReport => ({
    ...known,
    outcome,
    reason,
    ...rest,
    durationMs: dependencies.now() - startedAt,
  });

  if (isAborted(options.drain) || isAborted(options.signal)) {
    return { report: result('interrupted', TOLD_TO_STOP) };
  }
  try {
    if ('error' in image) throw image.error;
    const steps = takeSteps(image, context, (details) => {
      known = { ...known, ...details };
    });
    const { outcome, reason, copy, mirrored } = await abandonable(steps, options.abandon);
    return {
      report: result(outcome, reason, copy === undefined ? {} : { copy }),
      ...(mirrored === undefined ? {} : { mirrored }),
    };
  } catch (error) {
    if (isAborted(options.signal)) return { report: result('interrupted', TOLD_TO_STOP) };
    const report = reportError(error);
    return error instanceof SignaturePending
      ? { report: result('pending', report.message, { error: report }) }
      : { report: result('failed', report.message, { error: report }), error };
  }
}

/** How an image came through the steps without a failure. */
interface Passed {
  readonly outcome: ImageOutcome;
  readonly reason: string;
  readonly copy?: NonNullable<ImageReport['copy']>;
  readonly mirrored?: CopiedImage;
}

/** @param learn - is told what is known of the image as soon as it is, for it may fail later */
async function takeSteps(
  image: NamedImage,
  context: ImageContext,
  learn: (details: Partial<ImageReport>) => void,
): Promise<Passed> {
  const { dependencies, settings, options } = context;
  const { signal, onEvent } = options;
  const waiting: Options = signal === undefined ? {} : { signal };
  const announced = image.release.image;

  onEvent({ type: 'step', image: announced, step: 'discover' });
  const planned = await discoverAndPlan(image, context, waiting);
  const { action, reason } = planned;
  learn({ action, ...digestOf(planned) });
  if (planned.action === 'keep') {
    if (planned.elsewhere !== undefined) learn({ target: planned.elsewhere });
    return { outcome: 'unchanged', reason };
  }
  if (planned.action === 'refuse') throw planned.error;
  if (settings.until === 'plan') return { outcome: 'planned', reason };

  onEvent({ type: 'step', image: announced, step: 'verify' });
  const verified = await verify(planned.source, { ...dependencies, ...settings.verify }, waiting);
  const { source, verification, waived } = verified;
  learn({
    ...(verification === undefined ? {} : { verification }),
    ...(waived === undefined ? {} : { unverified: waived }),
  });
  if (settings.until === 'verify') return { outcome: 'planned', reason };

  onEvent({ type: 'step', image: announced, step: 'copy' });
  const { digest: _, ...copy } = await dependencies.copier.copy(source, image.target, {
    ...waiting,
    atTarget: { digest: planned.image.targetDigest },
    onProgress: (progress) => onEvent({ type: 'progress', image: announced, progress }),
  });
  return {
    outcome: planned.action === 'copy' ? 'mirrored' : 'recorded',
    reason,
    copy,
    mirrored: { ...image, digest: source.digest },
  };
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function discoverAndPlan(
  image: NamedImage,
  { dependencies, settings, map }: ImageContext,
  options: Options,
): Promise<PlannedImage> {
  const { source, target } = dependencies;
  const keepsForeignEntries = settings.existingEntry === 'keep';
  const observed = await discover(image, { source, target, map, keepsForeignEntries }, options);
  return plan(observed, settings);
}

function describe(image: NamedImage | UnnamedImage): ImageReportSoFar {
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

/** What is copied; what is in use of an image that is kept; what is announced of one refused. */
function digestOf(planned: PlannedImage): Pick<ImageReport, 'digest'> {
  const { sourceDigest, targetDigest } = planned.image;
  const digest = planned.action === 'keep' ? targetDigest : sourceDigest;
  return digest === undefined ? {} : { digest };
}
