import type { Digest } from '../registry/reference.ts';
import type { ErrorReport } from './report.ts';

/**
 * What is wrong with an image.
 *
 * - `unmirrored`: announced, but neither at the target nor in the map
 * - `missing`: the map leads there, and nothing is there
 * - `drifted`: the target's tag names another image than the source's
 * - `incomplete`: its tag is there, parts of it are lost
 * - `unsigned`: what proved it is no longer with it
 * - `unmapped`: at the target, but the map does not lead there
 * - `unchecked`: could not be looked at, see `error`
 */
export type ProblemKind =
  | 'unmirrored'
  | 'missing'
  | 'drifted'
  | 'incomplete'
  | 'unsigned'
  | 'unmapped'
  | 'unchecked';

/**
 * What is worth knowing, and well.
 *
 * - `foreign`: somebody's own entry sends it elsewhere
 * - `stale`: in the map, but not announced any more
 * - `withdrawn`: the source no longer has it
 */
export type NoteKind = 'foreign' | 'stale' | 'withdrawn';

export interface StatusFinding {
  readonly kind: ProblemKind | NoteKind;
  /** What was found and what mends it. */
  readonly detail: string;
  /** Of what could not be looked at. */
  readonly error?: ErrorReport;
}

/** One image: what is announced, what the map says and what the target has. */
export interface ImageStatus {
  /** As announced; of what is not, the key of its entry. */
  readonly image: string;
  readonly app?: string;
  readonly version?: string;
  readonly announced: boolean;
  /** Where the map leads, or where a run would put it. */
  readonly target?: string;
  /** What the target's tag names. */
  readonly digest?: Digest;
  /** Empty: all is well. */
  readonly findings: readonly StatusFinding[];
}

/** Releases, map and target side by side, at one moment. Serialises as it is. */
export interface StatusReport {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly releases: {
    readonly location: string;
    /** Announced entries without a usable image, in words. */
    readonly skipped: readonly string[];
  };
  readonly map: {
    readonly location: string;
    /** Absent: there is no map. */
    readonly revision?: string;
    /** Entries of others that no announced image goes by; they were not looked at. */
    readonly others: number;
  };
  /** Whether signatures were looked for at the target. */
  readonly signatures: boolean;
  readonly images: readonly ImageStatus[];
  readonly totals: Readonly<Record<ProblemKind | NoteKind, number>> & {
    /** Images without a problem. */
    readonly well: number;
  };
}

const PROBLEMS: readonly ProblemKind[] = [
  'unmirrored',
  'missing',
  'drifted',
  'incomplete',
  'unsigned',
  'unmapped',
  'unchecked',
];

/** Whether something has to be done about it. */
export function isProblem({ kind }: StatusFinding): boolean {
  return PROBLEMS.some((problem) => problem === kind);
}

/** Counts images by what was found; one with several findings counts for each. */
export function statusTotals(images: readonly ImageStatus[]): StatusReport['totals'] {
  const totals = {
    unmirrored: 0,
    missing: 0,
    drifted: 0,
    incomplete: 0,
    unsigned: 0,
    unmapped: 0,
    unchecked: 0,
    foreign: 0,
    stale: 0,
    withdrawn: 0,
    well: 0,
  };
  for (const { findings } of images) {
    for (const { kind } of findings) totals[kind] += 1;
    if (!findings.some(isProblem)) totals.well += 1;
  }
  return totals;
}
