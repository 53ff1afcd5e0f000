import {
  reportError,
  totalsOf,
  type ErrorReport,
  type ImageReport,
  type RunReport,
} from '../mirror/report.ts';
import { evidenceOf, type Evidence } from './evidence.ts';
import type { StepTime, StepTimes } from './step-times.ts';

/** What `report.json` holds: what the run did, how it ended, and what is known from runs before. */
export interface RunRecord extends Omit<RunReport, 'images'> {
  /** Fields may be added under one number; none changes its meaning. */
  readonly schemaVersion: 1;
  /** Of sdr-mirror. */
  readonly version: string;
  /** ISO 8601. */
  readonly finishedAt: string;
  /** `interrupted`: told to stop before it was done, and nothing had failed until then. */
  readonly outcome: 'succeeded' | 'failed' | 'interrupted';
  readonly exitCode: number;
  /** Why no image was looked at. */
  readonly error?: ErrorReport;
  /** End of the latest run that succeeded, this one included. ISO 8601. */
  readonly lastSuccessAt?: string;
  /** Start of the first of the failed runs that no success has followed. ISO 8601. */
  readonly failingSince?: string;
  /** What `failingSince` was before this run succeeded. */
  readonly recoveredFrom?: string;
  readonly images: readonly ImageRecord[];
  readonly evidence: readonly Evidence[];
}

export interface ImageRecord extends ImageReport {
  /** When it went through which step. */
  readonly steps?: readonly StepTime[];
  /** Bytes of the blobs that its copy had to account for, those already at the target included. */
  readonly size?: number;
}

/** What the run before left to be remembered. */
export type EarlierRun = Pick<RunRecord, 'lastSuccessAt' | 'failingSince' | 'evidence'>;

/** How a run ended, as it is known to who started it. */
export interface EndedRun {
  readonly report: RunReport;
  /** Whether anything failed. */
  readonly failed: boolean;
  readonly exitCode: number;
  /** What kept the run from looking at any image. */
  readonly error?: unknown;
}

export interface RecordContext {
  readonly version: string;
  readonly times: StepTimes;
  readonly earlier: EarlierRun | undefined;
}

/** Puts together what is known of a run. Pure. */
export function recordRun(
  { report, failed, exitCode, error }: EndedRun,
  { version, times, earlier }: RecordContext,
): RunRecord {
  const outcome = failed ? 'failed' : report.interrupted ? 'interrupted' : 'succeeded';
  const { startedAt } = report;
  const images = report.images.map((image) => ({ ...image, ...times.of(image.image) }));
  const finishedAt = new Date(Date.parse(startedAt) + report.durationMs).toISOString();
  return {
    schemaVersion: 1,
    version,
    ...report,
    finishedAt,
    outcome,
    exitCode,
    ...(error === undefined || outcome !== 'failed' ? {} : { error: reportError(error) }),
    ...history(outcome, { startedAt, finishedAt, earlier }),
    images,
    evidence: evidenceOf(images, earlier?.evidence ?? [], {
      at: startedAt,
      isComplete: error === undefined,
    }),
  };
}

/** The report of a run that ended before it could look at any image. */
export function emptyReport(
  known: Pick<RunReport, 'startedAt' | 'durationMs' | 'interrupted' | 'verify' | 'until'> & {
    /** Locations. */
    readonly releases: string;
    readonly map: string;
  },
): RunReport {
  const { releases, map, ...rest } = known;
  return {
    ...rest,
    releases: { location: releases, skipped: [] },
    images: [],
    totals: totalsOf([]),
    map: { location: map, changed: false },
  };
}

/** Whether the run brought something into use. */
export function hasChanged({ totals, map }: Pick<RunRecord, 'totals' | 'map'>): boolean {
  return totals.mirrored + totals.recorded > 0 || map.changed;
}

function history(
  outcome: RunRecord['outcome'],
  run: {
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly earlier: EarlierRun | undefined;
  },
): Pick<RunRecord, 'lastSuccessAt' | 'failingSince' | 'recoveredFrom'> {
  const { lastSuccessAt, failingSince } = run.earlier ?? {};
  if (outcome === 'succeeded') {
    return {
      lastSuccessAt: run.finishedAt,
      ...(failingSince === undefined ? {} : { recoveredFrom: failingSince }),
    };
  }
  // A run that was interrupted proves neither: what was true before it is true after it.
  const since = outcome === 'failed' ? (failingSince ?? run.startedAt) : failingSince;
  return {
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    ...(since === undefined ? {} : { failingSince: since }),
  };
}
