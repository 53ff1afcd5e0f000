import type { ImageCopier } from '../copiers/image-copier.ts';
import { RegistryError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import {
  atDigest,
  formatReference,
  type Digest,
  type Reference,
  type TagReference,
} from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { SignatureVerifier } from '../signatures/signature-verifier.ts';
import { laterSignal, STOP_GRACES } from './abandon.ts';
import { guarded } from './guarded.ts';
import { resultOf, type ImageResult, type Learn, type Passed } from './image-result.ts';
import type { PlanPolicy } from './plan.ts';
import type { RunEvent } from './run.ts';
import { verifyAndRead } from './verify-and-read.ts';
import { evidenceOf, type VerifyMode } from './verify.ts';

/** The parts of a copy, each behind its seam. */
export interface CopyOneDependencies {
  readonly source: RegistryReader;
  readonly target: RegistryReader;
  readonly verifier: SignatureVerifier;
  readonly copier: ImageCopier;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface CopyOneSettings extends Pick<PlanPolicy, 'existingTarget'> {
  readonly verify: VerifyMode;
  /** Longest that it may take, in milliseconds; for ever without. */
  readonly timeoutMs?: number;
}

/** The image that somebody asks for, and where it is to go. */
export interface CopyRequest {
  readonly source: Reference;
  readonly target: TagReference;
}

export interface CopyOneOptions extends Options {
  readonly onEvent?: (event: RunEvent) => void;
}

/**
 * Copies one image that somebody names, without releases and map: resolve → verify → copy, each as a
 * run does it. One whose signature is missing fails whatever its age, for nobody looks again later.
 *
 * Never throws: a failure is a result, like any other.
 */
export async function copyOne(
  request: CopyRequest,
  dependencies: CopyOneDependencies,
  settings: CopyOneSettings,
  options: CopyOneOptions = {},
): Promise<ImageResult> {
  const { signal } = options;
  const onEvent = guarded(options.onEvent, dependencies.logger);
  const abandon = laterSignal(signal, STOP_GRACES.imagesMs);
  const source = formatReference(request.source);
  onEvent({ type: 'started', images: 1 });
  try {
    const result = await resultOf(
      { image: source, source, target: formatReference(request.target), action: 'copy' },
      async (learn, waiting) =>
        takeSteps(request, dependencies, settings, { waiting, onEvent, learn }),
      {
        ...options,
        abandon: abandon.signal,
        stop: STOP_GRACES,
        timeoutMs: settings.timeoutMs,
        now: dependencies.now,
      },
    );
    onEvent({ type: 'finished', report: result.report });
    return result;
  } finally {
    abandon.dispose();
  }
}

interface Steps {
  readonly waiting: Options;
  readonly onEvent: (event: RunEvent) => void;
  readonly learn: Learn;
}

async function takeSteps(
  { source, target }: CopyRequest,
  dependencies: CopyOneDependencies,
  settings: CopyOneSettings,
  { waiting, onEvent, learn }: Steps,
): Promise<Passed> {
  const image = formatReference(source);

  onEvent({ type: 'step', image, step: 'discover' });
  const seenAt = performance.now();
  const [found, held] = await Promise.all([
    dependencies.source.head(source, waiting),
    dependencies.target.head(target, waiting),
  ]);
  if (found === undefined) throw notThere(source);
  learn({ digest: found.digest });
  const resolved = atDigest(source, found.digest);
  const differs = held !== undefined && held.digest !== found.digest;
  const copied = differs ? await dependencies.copier.copiedDigest?.(resolved, waiting) : undefined;
  const isHeld = held?.digest === (copied ?? found.digest);
  if (held !== undefined && !isHeld && settings.existingTarget === 'refuse') {
    throw conflict(target, held.digest, found.digest);
  }

  onEvent({ type: 'step', image, step: 'verify' });
  const verifying = { ...dependencies, mode: settings.verify, graceSeconds: 0 };
  const verified = await verifyAndRead(resolved, verifying, waiting);
  learn(evidenceOf(verified));

  onEvent({ type: 'step', image, step: 'copy' });
  const { digest: _, ...copy } = await dependencies.copier.copy(verified.source, target, {
    ...waiting,
    atTarget: { digest: held?.digest, seenAt },
    existing: settings.existingTarget,
    onProgress: (progress) => onEvent({ type: 'progress', image, progress }),
  });
  if (isHeld && copy.manifests === 0) {
    return { outcome: 'unchanged', reason: 'at the target already', copy };
  }
  return { outcome: 'mirrored', reason: reasonFor(held?.digest, found.digest), copy };
}

function reasonFor(held: Digest | undefined, digest: Digest): string {
  if (held === undefined) return 'was not at the target';
  return held === digest ? 'what is attached to it was not at the target' : `replaced ${held}`;
}

function notThere(source: Reference): RegistryError {
  return new RegistryError(
    'REGISTRY_NOT_FOUND',
    `${formatReference(source)} does not exist. Check the spelling of repository and ${source.kind}.`,
    { side: 'source', status: 404 },
  );
}

function conflict(target: TagReference, held: Digest, wanted: Digest): RegistryError {
  return new RegistryError(
    'TARGET_CONFLICT',
    `${formatReference(target)} holds ${held}, and ${wanted} is to be copied there. Nothing was changed. Choose another tag, or say --overwrite.`,
    { side: 'target' },
  );
}
