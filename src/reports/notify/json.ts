import { headline } from '../headline.ts';
import type { RunRecord } from '../run-record.ts';
import type { NotifyEvent } from '../settings.ts';
import { failedItems, isFresh } from './message.ts';

/** Receivers limit what they take; the report has the rest. */
const MOST_IMAGES = 100;

/** A message for a program. Fields may be added; none changes its meaning under one version. */
export function jsonMessage(record: RunRecord, event: NotifyEvent): unknown {
  const { map, totals, failingSince, recoveredFrom, lastSuccessAt } = record;
  const fresh = record.images.filter(isFresh);
  const failures = failedItems(record);
  return {
    schemaVersion: 1,
    event,
    title: headline(record),
    outcome: record.outcome,
    exitCode: record.exitCode,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    lastSuccessAt,
    failingSince,
    recoveredFrom,
    version: record.version,
    map: { location: map.location, changed: map.changed, revision: map.revision },
    totals,
    failures: failures.slice(0, MOST_IMAGES),
    changes: fresh.slice(0, MOST_IMAGES).map(({ image, target, digest, outcome, unverified }) => ({
      image,
      target,
      digest,
      outcome,
      unverified,
    })),
    omitted: Math.max(0, failures.length - MOST_IMAGES) + Math.max(0, fresh.length - MOST_IMAGES),
  };
}
