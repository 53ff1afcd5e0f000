import { ControlPlaneError, errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { TemporalStatus } from './status.ts';

/** Where the parts of a worker say how it goes. Every change is logged once, not every repetition. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #status: TemporalStatus;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#status = { state: 'off', since: this.#now() };
  }

  get current(): TemporalStatus {
    return this.#status;
  }

  off(): void {
    if (this.#enter('off')) this.#logger.info('no longer polling Temporal');
  }

  connecting(): void {
    // While it fails again and again, what is wrong stays on the board.
    if (this.#status.state === 'off') this.#enter('connecting');
  }

  polling(): void {
    const entered = this.#enter('polling');
    this.#status = { ...this.#status, lastContact: this.#now() };
    if (entered) this.#logger.info('polling Temporal for commands');
  }

  failed(error: unknown): void {
    const state =
      error instanceof ControlPlaneError && error.code.endsWith('_REFUSED')
        ? 'refused'
        : 'unreachable';
    const reason = errorMessage(error);
    const isNews = this.#enter(state) || this.#status.reason !== reason;
    this.#status = { ...this.#status, reason };
    if (isNews) this.#logger.warn('Temporal is not to be had; it keeps trying', { reason });
  }

  #enter(state: TemporalStatus['state']): boolean {
    if (this.#status.state === state) return false;
    const { lastContact } = this.#status;
    this.#status = {
      state,
      since: this.#now(),
      ...(lastContact === undefined ? {} : { lastContact }),
    };
    return true;
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
