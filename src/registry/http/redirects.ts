import type { Hosts } from '../hosts.ts';
import { discardBody } from './body.ts';
import type { HostWatch } from './outages.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

/** A redirect that must not be followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
}

/** A request to a registry or its token service, or to wherever their answers lead. */
export type RoutedRequest = Omit<HttpRequest, 'guarded' | 'settings'> & {
  /** The registry on whose behalf this is asked. */
  readonly home: URL;
};

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/**
 * Sends a request and goes where its answer leads. Credentials stay at the origin they were meant
 * for: the first hop to another scheme, host or port drops them, and nothing brings them back.
 *
 * @param watch - told of each host on the way; of the answer that is returned its reader tells
 * @returns the first answer that is no redirect, or a redirect of a request that cannot be repeated
 * @throws RedirectError, ForbiddenAddressError, HostGivenUpError
 */
export async function sendFollowing(
  transport: Transport,
  hosts: Hosts,
  request: RoutedRequest,
  watch: HostWatch,
): Promise<HttpResponse> {
  let { url, headers } = request;
  for (let hops = 0; ; hops += 1) {
    watch.toward(url.host);
    const response = await transport.send({
      ...request,
      url,
      headers,
      settings: hosts.ofUrl(url),
      guarded: isGuarded(url, request.home, hosts),
    });
    const { location } = response.headers;
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    if (request.method !== 'GET' && request.method !== 'HEAD') return response;
    watch.answered();
    discardBody(response);
    if (hops === MAX_REDIRECTS) {
      throw new RedirectError(`more than ${MAX_REDIRECTS} redirects, the last from ${url.host}`);
    }
    const next = redirectTarget(location, url, hosts);
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    url = next;
  }
}

/**
 * Whether only public addresses may be reached there: true for every host that an answer leads
 * to, unless the operator named it or it is the registry's own.
 */
export function isGuarded(url: URL, home: URL, hosts: Hosts): boolean {
  return url.hostname !== home.hostname && hosts.ofUrl(url) === undefined;
}

/**
 * Whether a connection may go from one URL's scheme to another's.
 *
 * @throws RedirectError
 */
export function assertNoDowngrade(from: URL, to: URL, hosts: Hosts): void {
  if (to.protocol === 'https:') return;
  if (to.protocol === 'http:' && (from.protocol === 'http:' || hosts.ofUrl(to)?.plainHttp === true))
    return;
  throw new RedirectError(
    `${from.host} leads to ${to.protocol}//${to.host}, which is not https; if that is intended, ` +
      `name the host in the configuration: registries: { "${to.host}": { plainHttp: true } }`,
  );
}

function redirectTarget(location: string, from: URL, hosts: Hosts): URL {
  const to = URL.parse(location, from.href);
  if (to === null) throw new RedirectError(`${from.host} redirects to something that is no URL`);
  assertNoDowngrade(from, to, hosts);
  return to;
}

function withoutCredentials(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())),
  );
}
