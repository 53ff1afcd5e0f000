import type { Options } from '../options.ts';
import { abandonable } from '../registry/http/clock.ts';
import { countRequests, type RequestCount } from '../registry/http/request-count.ts';
import type { CopiedImage } from './discover.ts';
import { reportError, type ImageOutcome, type ImageReport } from './report.ts';
import { SignaturePending } from './verify.ts';

/** What came of one image. */
export interface ImageResult {
  readonly report: ImageReport;
  /** Set when the image is at the target and the map should name it. */
  readonly mirrored?: CopiedImage;
  /** Set when the image failed. */
  readonly error?: unknown;
}

/** How an image came through its steps without a failure. */
export interface Passed {
  readonly outcome: ImageOutcome;
  readonly reason: string;
  readonly copy?: NonNullable<ImageReport['copy']>;
  readonly mirrored?: CopiedImage;
}

export type ImageReportSoFar = Omit<ImageReport, 'outcome' | 'reason' | 'requests' | 'durationMs'>;

/** Is told what is known of an image as soon as it is, for it may fail later. */
export type Learn = (details: Partial<ImageReport>) => void;

export interface ImageResultOptions extends Options {
  /** Nothing is begun once this is aborted. */
  readonly drain?: AbortSignal | undefined;
  /** Aborted when what ignores `signal` is to be left behind. */
  readonly abandon: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const TOLD_TO_STOP = 'the run was told to stop';

/** Takes one image through its steps. Never throws: a failure is a result, like any other. */
export async function resultOf(
  first: ImageReportSoFar,
  takeSteps: (learn: Learn) => Promise<Passed>,
  options: ImageResultOptions,
): Promise<ImageResult> {
  return await countRequests(async (count) => resultWhile(count, first, takeSteps, options));
}

async function resultWhile(
  count: RequestCount,
  first: ImageReportSoFar,
  takeSteps: (learn: Learn) => Promise<Passed>,
  { drain, signal, abandon, now }: ImageResultOptions,
): Promise<ImageResult> {
  const startedAt = now();
  let known = first;
  const result = (
    outcome: ImageOutcome,
    reason: string,
    rest: Pick<ImageReport, 'error' | 'copy'> = {},
  ): ImageReport => ({
    ...known,
    outcome,
    reason,
    ...rest,
    requests: count.requests,
    durationMs: now() - startedAt,
  });

  if (drain?.aborted === true || signal?.aborted === true) {
    return { report: result('interrupted', TOLD_TO_STOP) };
  }
  try {
    const steps = takeSteps((details) => {
      known = { ...known, ...details };
    });
    const { outcome, reason, copy, mirrored } = await abandonable(steps, abandon);
    return {
      report: result(outcome, reason, copy === undefined ? {} : { copy }),
      ...(mirrored === undefined ? {} : { mirrored }),
    };
  } catch (error) {
    if (isAborted(signal)) return { report: result('interrupted', TOLD_TO_STOP) };
    const report = reportError(error);
    return error instanceof SignaturePending
      ? { report: result('pending', report.message, { error: report }) }
      : { report: result('failed', report.message, { error: report }), error };
  }
}

/** A function, for the compiler takes what it knew before an `await` for true after it. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
