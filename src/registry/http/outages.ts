import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from './clock.ts';

export interface OutagesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest that one try may take, in milliseconds: only what lies further apart is not one outage. */
  readonly longestTryMs: number;
}

/** A host has not answered for so long that a new request does not wait for it. */
export class HostGivenUpError extends Error {
  override readonly name = 'HostGivenUpError';
  /** `host[:port]`. */
  readonly host: string;
  /** How long it has not answered, in milliseconds. */
  readonly silentMs: number;

  constructor(host: string, silentMs: number, cause: unknown) {
    super(`${host} has been given up on`, { cause });
    this.host = host;
    this.silentMs = silentMs;
  }
}

/** What is shorter is a blip, in which every request is tried as often as in any other. */
const BLIP_MS = 5 * 60_000;
/** So many requests must have failed for good: one alone may have met with trouble of its own. */
const LEAST_REQUESTS = 3;
/** Tries that make up the patience of one request. */
const PATIENCE = 4;
const PROBE_PAUSE_MS = 30_000;

/** A host's silence since its last answer. */
interface Outage {
  readonly since: number;
  lastFailureAt: number;
  /** The latest failure. */
  cause: unknown;
  /** The requests that used up their patience. */
  readonly lost: Set<string>;
  isGivenUp: boolean;
  /** The one request that is let through while the host is given up on. */
  probe: HostWatch | undefined;
  probeAt: number;
}

/**
 * Knows which hosts are down, so that a thousand images do not each wait for the same dead host. A host is
 * given up on when nothing has answered for five minutes and several requests have failed for good
 * meanwhile. New requests fail at once then; those under way keep their patience, and every half minute
 * one new request is let through. One answer, and all is as before.
 */
export class Outages {
  readonly #options: OutagesOptions;
  readonly #byHost = new Map<string, Outage>();

  constructor(options: OutagesOptions) {
    this.#options = options;
  }

  /** Begins to watch a request with all its tries, redirected ones too. */
  watch(url: URL): HostWatch {
    return new HostWatch(this, `${url.pathname}${url.search}`);
  }

  /**
   * Lets a new request go to a host, or not.
   *
   * @throws HostGivenUpError
   */
  admit(host: string, watch: HostWatch): void {
    const outage = this.#current(host);
    if (outage?.isGivenUp !== true) return;
    const now = this.#options.clock.now();
    if (outage.probe === undefined && now >= outage.probeAt) {
      outage.probe = watch;
      return;
    }
    throw new HostGivenUpError(host, now - outage.since, outage.cause);
  }

  /** The host is there. */
  answered(host: string): void {
    const outage = this.#byHost.get(host);
    if (outage === undefined) return;
    this.#byHost.delete(host);
    if (outage.isGivenUp) this.#options.logger.warn(`${host} answers again`, { host });
  }

  /** A try got no answer. */
  failed(host: string, cause: unknown): void {
    const now = this.#options.clock.now();
    const outage = this.#current(host);
    if (outage === undefined) {
      this.#byHost.set(host, {
        since: now,
        lastFailureAt: now,
        cause,
        lost: new Set(),
        isGivenUp: false,
        probe: undefined,
        probeAt: now,
      });
    } else {
      outage.lastFailureAt = now;
      outage.cause = cause;
    }
  }

  /** A request ended, by failing for good or otherwise. */
  ended(host: string, watch: HostWatch, lost: string | undefined): void {
    const outage = this.#byHost.get(host);
    if (outage === undefined) return;
    const { clock, logger } = this.#options;
    if (outage.probe === watch) {
      outage.probe = undefined;
      outage.probeAt = clock.now() + PROBE_PAUSE_MS;
    }
    if (lost === undefined || outage.isGivenUp) return;
    outage.lost.add(lost);
    const lasted = outage.lastFailureAt - outage.since;
    if (lasted < BLIP_MS || outage.lost.size < LEAST_REQUESTS) return;
    outage.isGivenUp = true;
    outage.probeAt = clock.now() + PROBE_PAUSE_MS;
    logger.warn(`giving up on ${host}: ${errorMessage(outage.cause)}`, {
      host,
      seconds: Math.round(lasted / 1000),
    });
  }

  /** What was long ago says nothing of now. */
  #current(host: string): Outage | undefined {
    const { clock, longestTryMs } = this.#options;
    const outage = this.#byHost.get(host);
    const isOver =
      outage !== undefined && clock.now() - outage.lastFailureAt > BLIP_MS + longestTryMs;
    if (isOver) this.#byHost.delete(host);
    return isOver ? undefined : outage;
  }
}

/** One request's way, which may lead over several hosts and be gone several times. */
export class HostWatch {
  readonly #outages: Outages;
  readonly #name: string;
  /** The hosts it has been to, with the tries that failed there since its last answer. */
  readonly #failures = new Map<string, number>();
  #host = '';

  constructor(outages: Outages, name: string) {
    this.#outages = outages;
    this.#name = name;
  }

  /**
   * Says where the request is sent next.
   *
   * @throws HostGivenUpError where it has not been before in this watch
   */
  toward(host: string): void {
    if (!this.#failures.has(host)) {
      this.#outages.admit(host, this);
      this.#failures.set(host, 0);
    }
    this.#host = host;
  }

  /** The host where the request was sent last has answered. */
  answered(): void {
    this.#failures.set(this.#host, 0);
    this.#outages.answered(this.#host);
  }

  /** The host where the request was sent last has not answered. */
  failed(cause: unknown): void {
    this.#failures.set(this.#host, (this.#failures.get(this.#host) ?? 0) + 1);
    this.#outages.failed(this.#host, cause);
  }

  /** The request is over. */
  end(): void {
    for (const [host, failures] of this.#failures) {
      this.#outages.ended(host, this, failures >= PATIENCE ? this.#name : undefined);
    }
  }
}
