import { MirrorError } from '../errors.ts';
import type { Options } from '../options.ts';
import { abandonable } from '../abandonable.ts';
import { countRequests, type RequestCount } from '../registry/http/request-count.ts';
import { laterSignal, type StopGraces } from './abandon.ts';
import { anySignal, deadline, imageGivenUp } from './deadline.ts';
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

/** The steps of an image; its signal is aborted when they are to end at once. */
export type TakeSteps = (learn: Learn, options: Required<Options>) => Promise<Passed>;

/** Is told what is known of an image as soon as it is, for it may fail later. */
export type Learn = (details: Partial<ImageReport>) => void;

export interface ImageResultOptions extends Options {
  /** Nothing is begun once this is aborted. */
  readonly drain?: AbortSignal | undefined;
  /** Aborted when what ignores `signal` is to be left behind. */
  readonly abandon: AbortSignal;
  /** Longest that the image may take, in milliseconds; for ever without. */
  readonly timeoutMs?: number | undefined;
  readonly stop: StopGraces;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const TOLD_TO_STOP = 'the run was told to stop';

/** Takes one image through its steps. Never throws: a failure is a result, like any other. */
export async function resultOf(
  first: ImageReportSoFar,
  takeSteps: TakeSteps,
  options: ImageResultOptions,
): Promise<ImageResult> {
  return await countRequests(async (count) => resultWhile(count, first, takeSteps, options));
}

async function resultWhile(
  count: RequestCount,
  first: ImageReportSoFar,
  takeSteps: TakeSteps,
  { drain, signal, abandon, now, timeoutMs, stop }: ImageResultOptions,
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
  const late = deadline(timeoutMs, (ms) => imageGivenUp(first.image, ms));
  const abandonLate = laterSignal(late.signal, stop.imagesMs);
  try {
    const learn: Learn = (details) => {
      known = { ...known, ...details };
    };
    const steps = takeSteps(learn, { signal: anySignal(signal, late.signal) });
    const bound = anySignal(abandon, abandonLate.signal);
    const { outcome, reason, copy, mirrored } = await abandonable(steps, bound);
    return {
      report: result(outcome, reason, copy === undefined ? {} : { copy }),
      ...(mirrored === undefined ? {} : { mirrored }),
    };
  } catch (thrown) {
    if (isAborted(signal)) return { report: result('interrupted', whyStopped(signal)) };
    const error: unknown = late.signal.aborted ? late.signal.reason : thrown;
    const report = reportError(error);
    return error instanceof SignaturePending
      ? { report: result('pending', report.message, { error: report }) }
      : { report: result('failed', report.message, { error: report }), error };
  } finally {
    late.dispose();
    abandonLate.dispose();
  }
}

/** A signal's own reason says no more than that; a deadline's says which. */
function whyStopped(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return reason instanceof MirrorError ? reason.message : TOLD_TO_STOP;
}

/** A function, for the compiler takes what it knew before an `await` for true after it. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
