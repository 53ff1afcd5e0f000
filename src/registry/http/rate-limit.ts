import { parseErrorsBody } from '../errors-body.ts';

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
