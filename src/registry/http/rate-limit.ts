import type { IncomingHttpHeaders } from 'node:http';
import { parseErrorsBody } from '../errors-body.ts';
import { parseRetryAfter } from './retry-after.ts';

const LOOKS_LIMITED = /too many requests|rate limit|rate exceeded|toomanyrequests/i;
const ENOUGH_OF_A_PAGE = 4096;

/**
 * Recognises a refusal for the number of requests: by status, by `TOOMANYREQUESTS` in the body of
 * another 4xx, or by the words of a page that a proxy or firewall put in front of the registry.
 *
 * @returns what came back, for a log line; `undefined` for anything else
 */
export function rateLimitReason(status: number, body: Uint8Array): string | undefined {
  if (status === 429) return 'it answered 429, too many requests';
  if (status < 400 || status === 401 || status >= 600) return undefined;
  const { codes, isJson } = parseErrorsBody(body);
  if (codes.includes('TOOMANYREQUESTS')) return `it answered ${status} with TOOMANYREQUESTS`;
  if (isJson || (status >= 500 && status !== 503)) return undefined;
  const page = Buffer.from(body.subarray(0, ENOUGH_OF_A_PAGE)).toString('latin1');
  return LOOKS_LIMITED.test(page)
    ? `it answered ${status} with a page about too many requests`
    : undefined;
}

/** A quota that an answer has used up. */
export interface UsedUp {
  /** Milliseconds until there is a new one; `undefined` where the answer does not say. */
  readonly resetMs: number | undefined;
}

/**
 * Reads `ratelimit-remaining` (Docker Hub: `0;w=21600`) and the moment of its renewal.
 *
 * @param now - milliseconds since 1970
 * @returns `undefined` while something is left, or where nothing is said
 */
export function usedUpQuota(headers: IncomingHttpHeaders, now: number): UsedUp | undefined {
  const remaining =
    first(headers, 'ratelimit-remaining') ?? first(headers, 'x-ratelimit-remaining');
  if (remaining === undefined || !/^\s*0\s*(?:;|$)/.test(remaining)) return undefined;
  const reset = first(headers, 'ratelimit-reset') ?? first(headers, 'x-ratelimit-reset');
  return { resetMs: parseRetryAfter(reset?.split(';')[0], now) };
}

function first(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
