import { ConfigError } from '../../errors.ts';
import type { HostSettings } from '../hosts.ts';
import type { Environment } from './agents.ts';

/**
 * @param what - begins the message, which does not repeat the proxy: it may hold a password
 * @throws ConfigError no connection can be made through it
 */
export function assertProxy(what: string, proxy: string): void {
  const protocol = URL.parse(proxy)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return;
  throw new ConfigError(`${what} is not a usable proxy: write http://host:port`);
}

/**
 * The proxy that the operator chose for one host, in the form agents take it: it goes before all
 * that the environment says, exceptions included.
 *
 * @returns `undefined` where the environment decides
 */
export function chosenProxy(settings: HostSettings | undefined): Environment | undefined {
  const proxy = settings?.proxy?.reveal();
  if (proxy === undefined) return undefined;
  return proxy === 'none' ? {} : { http_proxy: proxy, https_proxy: proxy };
}
