import type { Clock } from '../../registry/http/clock.ts';

const HOUR_MS = 3_600_000;
const LONGEST_MS = 24 * HOUR_MS;

/**
 * Remembers which announced images were tried in vain, so that a bad release is not started every
 * hour on production. Forgotten with the process, which then tries once more.
 */
export class Attempts {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #failed = new Map<string, { readonly times: number; readonly until: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Until when it should not be tried, in milliseconds since 1970; `undefined`: it may be. */
  pausedUntil(what: string): number | undefined {
    const until = this.#failed.get(what)?.until;
    return until === undefined || until <= this.#clock.now() ? undefined : until;
  }

  /** How often it has failed. */
  failures(what: string): number {
    return this.#failed.get(what)?.times ?? 0;
  }

  /** Two hours after the first failure, then twice as long each time, up to a day. */
  failed(what: string): void {
    const times = this.failures(what) + 1;
    const pause = Math.min(LONGEST_MS, 2 ** times * HOUR_MS);
    this.#failed.set(what, { times, until: this.#clock.now() + pause });
  }
}
