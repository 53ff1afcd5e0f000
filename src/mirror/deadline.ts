import { RegistryError } from '../errors.ts';
import { formatDuration } from '../measures.ts';
import type { LaterSignal } from './abandon.ts';

/**
 * A signal that is aborted with an error once a time is over; never, where none is set.
 *
 * @param ms - milliseconds from now
 */
export function deadline(ms: number | undefined, error: (ms: number) => Error): LaterSignal {
  const controller = new AbortController();
  const timer = ms === undefined ? undefined : setTimeout(() => controller.abort(error(ms)), ms);
  return { signal: controller.signal, dispose: () => clearTimeout(timer) };
}

/** Whichever of these is aborted first. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

/** An image took longer than it may. */
export function imageGivenUp(image: string, ms: number): RegistryError {
  return new RegistryError(
    'REGISTRY_UNAVAILABLE',
    `${image} was not done within ${formatDuration(ms)} and was given up. What has reached the target stays there, and the next run goes on from it. Where large images or a slow line need longer, set timeouts.image.`,
  );
}

/** A run took longer than it may. */
export function runGivenUp(ms: number): RegistryError {
  return new RegistryError(
    'REGISTRY_UNAVAILABLE',
    `The run was not done within ${formatDuration(ms)} and was given up. What was finished is published, and the next run goes on with the rest. Where there is more to do than that, set timeouts.run.`,
  );
}
