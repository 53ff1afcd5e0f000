import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

// Node 22.21 and 24.5 brought proxies to the agents; the types of Node 22 do not say so yet.
type ProxyingAgentOptions = AgentOptions & { readonly proxyEnv: Environment };

const LOOPBACK = 'localhost,127.0.0.1,[::1]';

/** Connections that go through the proxy the environment names, and trust what they are told to. */
export function createAgents({
  env,
  ca,
  insecureTls = false,
}: {
  readonly env: Environment;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly insecureTls?: boolean | undefined;
}): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  const direct = env['no_proxy'] ?? env['NO_PROXY'];
  const options: ProxyingAgentOptions = {
    keepAlive: true,
    proxyEnv: {
      ...Object.fromEntries(
        ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name) => [name, env[name]]),
      ),
      no_proxy: direct === undefined || direct === '' ? LOOPBACK : `${direct},${LOOPBACK}`,
    },
  };
  return {
    httpAgent: new HttpAgent(options),
    httpsAgent: new HttpsAgent({
      ...options,
      rejectUnauthorized: !insecureTls,
      ...(ca === undefined ? {} : { ca: trusted(ca) }),
    }),
  };
}

/** The usual authorities, those of `NODE_EXTRA_CA_CERTS`, and `ca`. */
export function trusted(ca: string): string[] {
  return [...getCACertificates('default'), ca];
}
