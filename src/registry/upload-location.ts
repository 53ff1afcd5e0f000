import type { Hosts } from './hosts.ts';
import { assertNoDowngrade } from './http/redirects.ts';
import type { Digest } from './reference.ts';

/**
 * Where an upload goes on. A `Location` may be relative, may carry a query that is the session's
 * state, and may name the registry wrongly: behind a proxy it often believes to speak http, or to
 * listen on the default port (Distribution 2).
 *
 * @param from - the URL that answered
 * @param home - the registry's base URL
 * @throws RedirectError
 */
export function uploadLocation(
  location: string,
  from: URL,
  home: URL,
  hosts: Hosts,
): URL | undefined {
  const url = URL.parse(location, from.href);
  if (url === null) return undefined;
  if (url.hostname === home.hostname && url.port === '' && url.origin !== home.origin) {
    return new URL(`${url.pathname}${url.search}`, home);
  }
  assertNoDowngrade(home, url, hosts);
  return url;
}

/** The same place with the digest added that closes an upload; the rest is not encoded anew. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${digest}`;
  return url;
}
