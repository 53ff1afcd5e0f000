import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';

/** A listener whose failure is a line in the log: no display is worth an image that is not mirrored. */
export function guarded<T>(
  listener: ((event: T) => void) | undefined,
  logger: Logger,
): (event: T) => void {
  return (event) => {
    try {
      listener?.(event);
    } catch (error) {
      logger.warn(`the progress of the run could not be shown: ${errorMessage(error)}`);
    }
  };
}
