import { hasChanged, type RunRecord } from '../run-record.ts';
import type { NotifyEvent } from '../settings.ts';

/**
 * What a run is worth telling for: the gravest of what happened that is asked for, so that a run sends
 * one message at most. Pure.
 */
export function eventOf(record: RunRecord, on: readonly NotifyEvent[]): NotifyEvent | undefined {
  const happened: readonly (NotifyEvent | undefined)[] = [
    record.outcome === 'failed' ? 'failure' : undefined,
    record.recoveredFrom === undefined ? undefined : 'recovery',
    hasChanged(record) ? 'change' : undefined,
  ];
  return happened.find((event) => event !== undefined && on.includes(event));
}
