import { ConfigError } from '../errors.ts';

const ENDPOINT = '/api/service/marketplace/latest-releases';
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Turns a tenant's address into the address of its releases. An address that already ends in the
 * endpoint, or has a path of its own before it (a gateway), is kept.
 *
 * @param text - `https://acme.atlan.com`
 * @throws ConfigError for anything the token should not be sent to. The text is not repeated: it
 *   may hold a password.
 */
export function parseReleasesUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) {
    const hint = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(text) ? ' It needs https:// in front.' : '';
    throw refuse(`is no URL; expected the tenant's address, like https://acme.atlan.com.${hint}`);
  }
  const isLoopback = LOOPBACK.has(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw refuse('is no https address: the token would travel in the clear; write https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse(
      'has user information before "@": leave it out; the token goes into releases.token',
    );
  }
  if (url.search !== '' || url.hash !== '')
    throw refuse('goes on after "?" or "#": leave that out');
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(ENDPOINT) ? path : `${path}${ENDPOINT}`;
  return url;
}

function refuse(message: string): ConfigError {
  return new ConfigError([{ path: 'releases.url', message }]);
}
