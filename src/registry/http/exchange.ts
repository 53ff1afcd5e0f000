import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Hosts } from '../hosts.ts';
import { withoutSent } from '../redact.ts';
import { CutOffError, readBody } from './body.ts';
import type { Clock } from './clock.ts';
import type { HostBudget } from './limits.ts';
import type { HostWatch, Outages } from './outages.ts';
import { rateLimitReason, usedUpQuota } from './rate-limit.ts';
import { sendFollowing, type RoutedRequest } from './redirects.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { ServerClocks } from './server-clocks.ts';
import { StalledError } from './stall.ts';
import type { Transport } from './transport.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The URL that answered, after redirects. */
  readonly url: URL;
  /** The body, read whole; empty where `stream` is given. */
  readonly body: Buffer;
  /** The unread body of a success that was asked for as a stream. */
  readonly stream: IncomingMessage | undefined;
}

export interface ExchangeRequest extends RoutedRequest {
  /** Largest body read into memory, in bytes. */
  readonly maxBytes?: number | undefined;
  /** Continues an admitted transfer, so it does not queue for a place. */
  readonly continues?: boolean | undefined;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told what time each answer says it is. */
  readonly clocks: ServerClocks;
  /** Told which hosts answer; refuses new requests to those that have not for long. */
  readonly outages: Outages;
}

const MAX_ERROR_BYTES = 64 * 1024;
const DEFAULT_MAX_BYTES = 1024 * 1024;
const MAX_TRANSIENT = 3;
const MAX_REFUSALS = 8;
const FIRST_BACK_OFF_MS = 500;
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([500, 502, 503, 504]);
/** What stands before a host that does not answer says so. */
const GATEWAY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Requests within a host's budget, repeated where the failure may pass. */
export class Exchange {
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /**
   * Sends a request when the host has room for it. Rate limits are waited out, passing failures
   * tried again; a body that is a stream can be sent only once, so its failures come back at once.
   *
   * @returns the final answer, whatever its status
   * @throws PausedTooLongError, HostGivenUpError, or the last failure of the connection
   */
  async send(request: ExchangeRequest, budget: HostBudget): Promise<Answer> {
    const watch = this.#options.outages.watch(request.url);
    try {
      return await this.#patiently(request, budget, watch);
    } finally {
      watch.end();
    }
  }

  /** Says that a request to a registry's own host, which has to wait now, will need a connection then. */
  wantConnection(home: URL): void {
    const { transport, hosts } = this.#options;
    transport.wantConnection({ url: home, settings: hosts.ofUrl(home), guarded: false });
  }

  /** A wait that grows with each failure in a row, shortened by chance so that callers spread. */
  async backOff(failures: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#options;
    const ms = FIRST_BACK_OFF_MS * 2 ** (failures - 1) * (0.5 + clock.random() / 2);
    await clock.sleep(ms, signal);
  }

  async #patiently(
    request: ExchangeRequest,
    budget: HostBudget,
    watch: HostWatch,
  ): Promise<Answer> {
    const isRepeatable = request.body === undefined || request.body instanceof Uint8Array;
    let failures = 0;
    let refusals = 0;
    for (;;) {
      const ticket = await admit(request, budget);
      let answer: Answer;
      try {
        answer = await this.#once(request, watch);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!isTransient(error)) throw error;
        watch.failed(error);
        failures += 1;
        if (!isRepeatable || failures > MAX_TRANSIENT) throw error;
        ticket.release();
        await this.#backOff(request, failures, errorMessage(error));
        continue;
      } finally {
        ticket.release();
      }
      const { status } = answer;
      const reason = rateLimitReason(status, answer.body);
      const isTransientStatus = reason === undefined && TRANSIENT_STATUS.has(status);
      const waitMs = retryAfter(answer, this.#options.clock);
      if (isTransientStatus && waitMs === undefined && GATEWAY_STATUS.has(status)) {
        watch.failed(new Error(`it answered ${status}`));
      } else {
        watch.answered();
      }
      if (reason !== undefined || (isTransientStatus && waitMs !== undefined)) {
        budget.refused(ticket, waitMs, reason ?? `it answered ${status}`);
        refusals += 1;
        if (!isRepeatable || refusals > MAX_REFUSALS) return answer;
      } else if (isTransientStatus) {
        failures += 1;
        if (!isRepeatable || failures > MAX_TRANSIENT) return answer;
        await this.#backOff(request, failures, `it answered ${status}`);
      } else {
        budget.succeeded(ticket);
        const usedUp = usedUpQuota(answer.headers, this.#options.clock.now());
        if (usedUp !== undefined) budget.usedUp(usedUp.resetMs);
        return answer;
      }
    }
  }

  async #backOff(request: ExchangeRequest, failures: number, why: string): Promise<void> {
    this.#options.logger.info(`trying again: ${request.method} at ${request.url.host}: ${why}`, {
      host: request.url.host,
      failures,
    });
    await this.backOff(failures, request.signal);
  }

  async #once(request: ExchangeRequest, watch: HostWatch): Promise<Answer> {
    const { transport, hosts, clocks, clock } = this.#options;
    const response = await sendFollowing(transport, hosts, request, watch);
    const { status, headers, url } = response;
    clocks.note(url.host, headers, clock.now());
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && request.asStream === true) {
      return { status, headers, url, body: Buffer.alloc(0), stream: response.body };
    }
    if (isSuccess) {
      const body = await readBody(response, request.maxBytes ?? DEFAULT_MAX_BYTES);
      return { status, headers, url, body, stream: undefined };
    }
    const said = await readBody(response, MAX_ERROR_BYTES, 'cut');
    const body = withoutSent(said, { ...request, url });
    return { status, headers, url, body, stream: undefined };
  }
}

/** Whether a failure of the connection may be gone on the next try. */
export function isTransient(error: unknown): boolean {
  if (error instanceof StalledError || error instanceof CutOffError) return true;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && TRANSIENT_CODES.has(code);
}

async function admit(
  { continues, signal }: ExchangeRequest,
  budget: HostBudget,
): Promise<{ readonly burst: number; release(): void }> {
  if (continues !== true) return budget.enter(signal);
  return { ...(await budget.pass(signal)), release: () => undefined };
}

function retryAfter({ headers }: Answer, clock: Clock): number | undefined {
  return parseRetryAfter(headers['retry-after'], clock.now());
}
