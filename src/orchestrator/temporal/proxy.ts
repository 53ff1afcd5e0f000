import { ConfigError } from '../../errors.ts';
import type { Environment } from '../../registry/http/agents.ts';

/** An HTTP CONNECT proxy as Temporal's core takes it. */
export interface ConnectProxy {
  readonly type: 'http-connect';
  /** `proxy.mycompany.com:3128` */
  readonly targetHost: string;
  readonly basicAuth?: { readonly username: string; readonly password: string };
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * The proxy for an address. Temporal's core does not look at the environment by itself.
 *
 * @param address - `acme-temporal.atlan.com:443`
 * @throws ConfigError for a proxy that the core cannot use. The value is not repeated: it may hold
 *   a password.
 */
export function temporalProxy(address: string, env: Environment): ConnectProxy | undefined {
  const value = env['https_proxy'] ?? env['HTTPS_PROXY'];
  if (value === undefined || value === '' || goesDirect(address, env)) return undefined;
  const url = URL.parse(value);
  if (url?.protocol !== 'http:' || url.hostname === '') {
    throw new ConfigError(
      'HTTPS_PROXY is not usable for Temporal: write http://host:port or http://user:password@host:port',
    );
  }
  const targetHost = `${url.hostname}:${url.port === '' ? '80' : url.port}`;
  if (url.username === '') return { type: 'http-connect', targetHost };
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  if (/[:@]/.test(username + password)) {
    throw new ConfigError(
      'HTTPS_PROXY is not usable for Temporal: its user and password may hold neither ":" nor "@"',
    );
  }
  return { type: 'http-connect', targetHost, basicAuth: { username, password } };
}

/** `NO_PROXY` as curl and Node read it: names, `.suffixes`, `host:port`, or `*`. */
function goesDirect(address: string, env: Environment): boolean {
  const { host, port } = split(address);
  if (LOOPBACK.has(host)) return true;
  return (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const wanted = split(entry.toLowerCase());
      if (wanted.port !== undefined && wanted.port !== port) return false;
      const name = wanted.host.replace(/^\*?\./, '');
      return host === name || host.endsWith(`.${name}`);
    });
}

function split(address: string): { readonly host: string; readonly port: string | undefined } {
  const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address.toLowerCase()) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}
