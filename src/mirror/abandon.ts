/** How long a run may still take once its `signal` is aborted, in milliseconds from then on. */
export interface StopGraces {
  /** For images in flight to end by themselves; what has not is left behind, for the next run. */
  readonly imagesMs: number;
  /** For the map to be published. */
  readonly publishMs: number;
}

/** Together with the drain before it this fits into the 30 s that a pod has to end. */
export const STOP_GRACES: StopGraces = { imagesMs: 2000, publishMs: 8000 };

/** A signal with a timer behind it. */
export interface LaterSignal {
  readonly signal: AbortSignal;
  /** Lets go of the timer; the signal is aborted no more. */
  dispose(): void;
}

/**
 * A signal that is aborted some time after another one, with its reason; never, if that never is. What
 * obeys the first has ended by then, and what does not is left behind by the second.
 *
 * @param ms - milliseconds between the two
 */
export function laterSignal(earlier: AbortSignal | undefined, ms: number): LaterSignal {
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => later.abort(earlier?.reason), ms);
  };
  if (earlier?.aborted === true) begin();
  else earlier?.addEventListener('abort', begin, { once: true });
  return {
    signal: later.signal,
    dispose: () => {
      clearTimeout(timer);
      earlier?.removeEventListener('abort', begin);
    },
  };
}
