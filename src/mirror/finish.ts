import { MapStoreError } from '../errors.ts';
import { abandonable } from '../abandonable.ts';
import type { MissingImage } from './confirm.ts';
import type { ImageResult } from './image-result.ts';
import type { Publisher } from './publisher.ts';
import { reportError, type ImageReport } from './report.ts';
import type { BoundedOptions } from './run.ts';

/** What became of the images once the map was written for the last time. */
export interface Finished {
  readonly results: readonly ImageResult[];
  /** Why the map does not name all of them. */
  readonly error?: unknown;
}

/**
 * Publishes what is still waiting. A map that cannot be written does not undo what was mirrored: that is
 * reported beside it.
 *
 * @param location - names the map in messages
 */
export async function finish(
  results: readonly ImageResult[],
  publisher: Publisher,
  location: string,
  { deadline, onEvent }: Pick<BoundedOptions, 'deadline' | 'onEvent'>,
): Promise<Finished> {
  try {
    const missing = await abandonable(publisher.finish(), deadline);
    return { results: withdraw(results, missing, onEvent) };
  } catch (error) {
    if (!deadline.aborted) return { results, error };
    const message = `The run was stopped, and ${location} could not be written in the time that was left. What was mirrored is at the target; the next run records it.`;
    return { results, error: new MapStoreError('MAP_UNAVAILABLE', message, error) };
  }
}

/** Takes back the success of images that the target no longer served when the map was written. */
function withdraw(
  results: readonly ImageResult[],
  missing: readonly MissingImage[],
  onEvent: BoundedOptions['onEvent'],
): readonly ImageResult[] {
  const errors = new Map(missing.map(({ image, error }) => [image, error]));
  return results.map((result) => {
    const error = result.mirrored === undefined ? undefined : errors.get(result.mirrored);
    if (error === undefined) return result;
    const told = reportError(error);
    const report: ImageReport = {
      ...result.report,
      outcome: 'failed',
      reason: told.message,
      error: told,
    };
    onEvent({ type: 'finished', report });
    return { report, error };
  });
}
