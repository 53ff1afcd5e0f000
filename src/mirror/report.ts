import { MirrorError, errorMessage } from '../errors.ts';
import type { CopyResult } from '../copiers/image-copier.ts';
import type { Digest } from '../registry/reference.ts';
import type { Verification } from '../signatures/signature-verifier.ts';
import type { PlannedImage } from './plan.ts';
import type { VerifyMode } from './verify.ts';

/**
 * How an image came out of a run.
 *
 * - `mirrored`, `recorded`: copied, or only entered into the map
 * - `unchanged`: nothing to do
 * - `planned`: would be mirrored or recorded; the run stopped short of it on purpose
 * - `pending`: not usable yet, look again next run; no failure
 * - `failed`: see `error`
 * - `interrupted`: the run was told to stop before it was done
 */
export type ImageOutcome =
  | 'mirrored'
  | 'recorded'
  | 'unchanged'
  | 'planned'
  | 'pending'
  | 'failed'
  | 'interrupted';

/** What happened to one image. Serialises as it is; holds no secrets. */
export interface ImageReport {
  /** As announced. */
  readonly image: string;
  readonly app?: string;
  readonly version?: string;
  /** Canonical references. */
  readonly source?: string;
  readonly target?: string;
  /** What was announced; what is in use where nothing is to be done. */
  readonly digest?: Digest;
  readonly action?: PlannedImage['action'];
  readonly outcome: ImageOutcome;
  readonly reason: string;
  readonly error?: ErrorReport;
  readonly verification?: Verification;
  /** It was broken at the target, as `reason` has it, and is whole again. */
  readonly repaired?: true;
  /** Why it was mirrored without an accepted signature. */
  readonly unverified?: string;
  readonly copy?: Omit<CopyResult, 'digest'>;
  /** Requests that were sent to registries for it; those of the skopeo engine are not known. */
  readonly requests: number;
  readonly durationMs: number;
}

export interface ErrorReport {
  /** A MirrorError's code, or `UNEXPECTED`. */
  readonly code: string;
  readonly message: string;
  /** Whether a later run may succeed without anybody changing anything. */
  readonly retryable: boolean;
}

/** What a run did. Serialises as it is. */
export interface RunReport {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The last step that was allowed: `publish` is a full run. */
  readonly until: 'plan' | 'verify' | 'publish';
  readonly interrupted: boolean;
  readonly verify: VerifyMode;
  readonly releases: {
    readonly location: string;
    /** Announced entries without a usable image, in words. */
    readonly skipped: readonly string[];
  };
  readonly images: readonly ImageReport[];
  readonly totals: Readonly<Record<ImageOutcome, number>> & {
    /** Bytes of blobs sent to the target. */
    readonly bytes: number;
    /** Sent to registries for the images; asking once more before the map names them comes on top. */
    readonly requests: number;
  };
  readonly map: {
    readonly location: string;
    readonly changed: boolean;
    readonly revision?: string;
    /** The map could not be written; what was mirrored is recorded by the next run. */
    readonly error?: ErrorReport;
  };
}

/** An error as a report shows it. */
export function reportError(error: unknown): ErrorReport {
  return error instanceof MirrorError
    ? { code: error.code, message: error.message, retryable: error.retryable }
    : { code: 'UNEXPECTED', message: errorMessage(error), retryable: true };
}

/** Counts outcomes and bytes. */
export function totalsOf(images: readonly ImageReport[]): RunReport['totals'] {
  const totals = {
    mirrored: 0,
    recorded: 0,
    unchanged: 0,
    planned: 0,
    pending: 0,
    failed: 0,
    interrupted: 0,
    bytes: 0,
    requests: 0,
  };
  for (const image of images) {
    totals[image.outcome] += 1;
    totals.bytes += image.copy?.bytes ?? 0;
    totals.requests += image.requests;
  }
  return totals;
}
