import { plural } from '../measures.ts';
import { hasChanged, type RunRecord } from './run-record.ts';

/** What came of a run, in one sentence of our own words: nothing foreign is in it. */
export function headline(record: RunRecord): string {
  const { totals, images, error, map } = record;
  if (error !== undefined) return 'The run could not start';
  if (totals.failed > 0) return `${totals.failed} of ${plural(images.length, 'image')} failed`;
  if (map.error !== undefined) return 'The map could not be written';
  if (record.outcome === 'interrupted') return 'The run was told to stop before it was done';
  if (record.recoveredFrom !== undefined) return 'All is well again';
  if (images.length === 0) return 'Nothing is announced';
  if (!hasChanged(record)) return 'All is well, and nothing had to change';
  const fresh = totals.mirrored + totals.recorded;
  return fresh === 0
    ? 'All is well; the map was brought up to date'
    : `All is well; ${plural(fresh, 'image')} newly in use`;
}
