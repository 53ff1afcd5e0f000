import { quote } from '../quote.ts';

/** What to do about an error of the service, by its status. */
export function nextStep(status: number, retryAfter?: string): string {
  switch (status) {
    case 401:
      return 'The API token is wrong, expired or revoked: have a tenant admin create a new one and set releases.token.';
    case 403:
      return 'The API token is known but may not list releases: have a tenant admin create one that may.';
    case 404:
      return 'This tenant has no such address: check the name in releases.url, and whether Self-Deployed Runtime is enabled for the tenant.';
    case 407:
      return 'The proxy wants to be signed in to: put user and password into HTTPS_PROXY.';
    case 429:
      return retryAfter === undefined
        ? 'Too many requests: run less often.'
        : `Too many requests; it asks to wait (Retry-After: ${quote(retryAfter, 40)}): run later.`;
    default:
      return status >= 500
        ? 'The fault is at the service: the next run asks again.'
        : 'Check releases.url.';
  }
}
