import type { Logger } from '../../log.ts';
import { abandonable } from '../../abandonable.ts';
import type { Clock } from './clock.ts';

export interface HostBudgetOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most requests in flight. */
  readonly window: number;
  /** Longest pause that is waited for, in milliseconds; a longer one fails the request instead. */
  readonly maxPauseMs: number;
}

/** Leave to have one request in flight. */
export interface Ticket {
  /** Which burst of requests this one belongs to. */
  readonly burst: number;
  /** Gives the place back; harmless when called again. */
  release(): void;
}

/** A host asked for a longer pause than anybody waits for. */
export class PausedTooLongError extends Error {
  override readonly name = 'PausedTooLongError';
  /** When the host may be asked again, milliseconds since 1970. */
  readonly until: number;

  constructor(message: string, until: number) {
    super(message);
    this.until = until;
  }
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_GUESSED_PAUSE_MS = 60_000;

/**
 * What one host is asked to bear, shared by everybody who talks to it: so many requests at once,
 * and none while it wants a pause. The window halves once for each burst of refusals and grows
 * by one after as many successes as it is wide (additive increase, multiplicative decrease).
 */
export class HostBudget {
  readonly #host: string;
  readonly #options: HostBudgetOptions;
  readonly #waiting: (() => void)[] = [];
  #window: number;
  #inFlight = 0;
  #successes = 0;
  #burst = 0;
  #refusals = 0;
  #pausedUntil = 0;

  constructor(host: string, options: HostBudgetOptions) {
    this.#host = host;
    this.#options = options;
    this.#window = options.window;
  }

  /** How many requests may be in flight now. */
  get window(): number {
    return this.#window;
  }

  /**
   * Waits for a place and for the end of a pause.
   *
   * @throws PausedTooLongError
   */
  async enter(signal?: AbortSignal): Promise<Ticket> {
    signal?.throwIfAborted();
    if (this.#inFlight < this.#window) this.#inFlight += 1;
    else await this.#queue(signal);
    try {
      // A pause is the exception, and so is whatever waits for one.
      if (this.#pausedUntil > this.#options.clock.now()) await this.pass(signal);
    } catch (error) {
      this.#give();
      throw error;
    }
    let held = true;
    return {
      burst: this.#burst,
      release: () => {
        if (held) this.#give();
        held = false;
      },
    };
  }

  /**
   * Waits for the end of a pause only. For requests that continue something already admitted:
   * if they had to queue behind others that wait for them, nobody would move.
   *
   * @throws PausedTooLongError
   */
  async pass(signal?: AbortSignal): Promise<Pick<Ticket, 'burst'>> {
    for (;;) {
      signal?.throwIfAborted();
      const left = this.#pausedUntil - this.#options.clock.now();
      if (left <= 0) return { burst: this.#burst };
      if (left > this.#options.maxPauseMs) {
        throw new PausedTooLongError(
          `${this.#host} asks to wait until ${new Date(this.#pausedUntil).toISOString()}`,
          this.#pausedUntil,
        );
      }
      await this.#options.clock.sleep(left, signal);
    }
  }

  /**
   * The host refused for the number of requests, or wants a pause.
   *
   * @param waitMs - the wait it named; `undefined`: a guess, doubled with each refusal in a row
   * @param why - what came back, for the log
   */
  refused(ticket: Pick<Ticket, 'burst'>, waitMs: number | undefined, why: string): void {
    const { clock } = this.#options;
    const isStale = ticket.burst !== this.#burst;
    if (isStale && waitMs === undefined) return;
    if (!isStale) {
      this.#burst += 1;
      this.#refusals += 1;
      this.#successes = 0;
      this.#window = Math.max(1, Math.floor(this.#window / 2));
    }
    this.#pauseUntil(clock.now() + (waitMs ?? this.#guess()), why);
  }

  /**
   * The host served a request and said that it was the last of its quota.
   *
   * @param resetMs - until it has a new one; `undefined`: nobody knows, so one request at a time
   *   finds out instead of sixty
   */
  usedUp(resetMs: number | undefined): void {
    const { clock, logger } = this.#options;
    if (resetMs !== undefined) {
      this.#pauseUntil(clock.now() + resetMs, 'its quota is used up');
    } else if (this.#window > 1) {
      this.#window = 1;
      this.#successes = 0;
      logger.warn(`the quota at ${this.#host} is used up: asking one by one`, { host: this.#host });
    }
  }

  /** The host served a request. */
  succeeded(ticket: Pick<Ticket, 'burst'>): void {
    // What was under way when the host complained says nothing about how it copes since.
    if (ticket.burst !== this.#burst) return;
    this.#refusals = 0;
    this.#successes += 1;
    if (this.#window < this.#options.window && this.#successes >= this.#window) {
      this.#successes = 0;
      this.#window += 1;
      this.#admit();
    }
  }

  #pauseUntil(until: number, why: string): void {
    if (until <= this.#pausedUntil) return;
    const { clock, logger } = this.#options;
    this.#pausedUntil = until;
    logger.warn(`pausing requests to ${this.#host}: ${why}`, {
      host: this.#host,
      seconds: Math.ceil((until - clock.now()) / 1000),
      atOnce: this.#window,
    });
  }

  #guess(): number {
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#refusals - 1, 16);
    const capped = Math.min(doubled, LONGEST_GUESSED_PAUSE_MS);
    return capped * (0.5 + this.#options.clock.random() / 2);
  }

  async #queue(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await abandonable(promise, signal);
    } catch (error) {
      const place = this.#waiting.indexOf(resolve);
      if (place === -1) this.#give();
      else this.#waiting.splice(place, 1);
      throw error;
    }
  }

  #give(): void {
    this.#inFlight -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#inFlight < this.#window) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inFlight += 1;
      next();
    }
  }
}
