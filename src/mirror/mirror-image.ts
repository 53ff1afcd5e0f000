import type { ImageMap } from '../image-map/image-map.ts';
import type { Options } from '../options.ts';
import { formatReference } from '../registry/reference.ts';
import type { UnnamedImage } from './announce.ts';
import { discover, type NamedImage } from './discover.ts';
import {
  resultOf,
  type ImageReportSoFar,
  type ImageResult,
  type Learn,
  type Passed,
  type TakeSteps,
} from './image-result.ts';
import { plan, type PlannedImage } from './plan.ts';
import { assertMended, planRepair } from './repair.ts';
import type { ImageReport } from './report.ts';
import type { BoundedOptions, RunDependencies, RunSettings } from './run.ts';
import { verifyAndRead } from './verify-and-read.ts';
import { evidenceOf, verify } from './verify.ts';

/** A step an image is seen in from outside. */
export type Step = 'discover' | 'verify' | 'copy';

export interface ImageContext {
  readonly dependencies: RunDependencies;
  readonly settings: RunSettings;
  readonly options: BoundedOptions;
  readonly map: ImageMap;
}

/** Takes one image through the steps. Never throws: a failure is a result, like any other. */
export async function mirrorImage(
  image: NamedImage | UnnamedImage,
  context: ImageContext,
): Promise<ImageResult> {
  const { dependencies, options, settings } = context;
  const takeThem: TakeSteps = async (learn, waiting) => {
    if ('error' in image) throw image.error;
    return takeSteps(image, context, learn, waiting);
  };
  return resultOf(describe(image), takeThem, {
    ...options,
    now: dependencies.now,
    timeoutMs: settings.imageTimeoutMs,
  });
}

async function takeSteps(
  image: NamedImage,
  context: ImageContext,
  learn: Learn,
  waiting: Options,
): Promise<Passed> {
  const { dependencies, settings, options } = context;
  const { onEvent } = options;
  const announced = image.release.image;

  onEvent({ type: 'step', image: announced, step: 'discover' });
  const seenAt = performance.now();
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
  const verifying = settings.until === 'verify' ? verify : verifyAndRead;
  const judging = { ...dependencies, ...settings.verify };
  const verified = await verifying(planned.source, judging, waiting);
  learn(evidenceOf(verified));
  if (settings.until === 'verify') return { outcome: 'planned', reason };

  onEvent({ type: 'step', image: announced, step: 'copy' });
  const { digest, ...copy } = await dependencies.copier.copy(verified.source, image.target, {
    ...waiting,
    atTarget: { digest: planned.image.targetDigest, seenAt },
    existing: settings.existingTarget,
    repair: planned.repairs === true,
    // The target is asked before the map names the image: see `confirm.ts`.
    readBack: false,
    onProgress: (progress) => onEvent({ type: 'progress', image: announced, progress }),
  });
  if (planned.repairs === true && dependencies.inspector !== undefined) {
    await assertMended(planned.image, dependencies.inspector, waiting);
    learn({ repaired: true });
  }
  return {
    outcome: planned.action === 'copy' ? 'mirrored' : 'recorded',
    reason,
    copy,
    mirrored: { ...image, digest },
  };
}

async function discoverAndPlan(
  image: NamedImage,
  { dependencies, settings, map }: ImageContext,
  options: Options,
): Promise<PlannedImage> {
  const { source, target, inspector } = dependencies;
  const keepsForeignEntries = settings.existingEntry === 'keep';
  const { copiedDigest } = dependencies.copier;
  const observed = await discover(
    image,
    {
      source,
      target,
      map,
      keepsForeignEntries,
      readsUnmapped: settings.until === 'publish',
      ...(copiedDigest === undefined ? {} : { copiedDigest }),
    },
    options,
  );
  const planned = plan(observed, settings);
  return inspector === undefined ? planned : planRepair(planned, inspector, options);
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
