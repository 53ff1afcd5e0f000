import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostSettings } from '../hosts.ts';
import { guardedLookup } from './address-guard.ts';
import { BlockReader } from './block-reader.ts';
import { assertProxy, chosenProxy } from './proxy.ts';
import { SecureContexts } from './secure-contexts.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

// Node 22.21 and 24.5 brought proxies to the agents; the types of Node 22 do not say so yet.
type ProxyingAgentOptions = AgentOptions & { readonly proxyEnv: Environment };

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'] as const;
// Go's clients never send these through a proxy; whoever sets HTTP_PROXY expects the same here.
const LOOPBACK = 'localhost,127.0.0.1,[::1]';
const MAX_SOCKETS = 128;

/** The keep-alive connections of a run, one pool for each origin. */
export class Agents {
  readonly #pools = new Map<string, HttpAgent>();
  readonly #contexts = new SecureContexts();
  readonly #proxyEnv: Environment;
  readonly #lookup: LookupFunction | undefined;

  constructor(options: {
    readonly env: Environment;
    readonly lookup?: LookupFunction | undefined;
  }) {
    this.#proxyEnv = proxyEnvironment(options.env);
    this.#lookup = options.lookup;
  }

  /**
   * The pool for a URL.
   *
   * @param guarded - connect only to public addresses. Such connections have a pool of their own;
   *   through a proxy it is the proxy that decides which addresses are reached
   */
  for(url: URL, settings: HostSettings | undefined, guarded: boolean): HttpAgent {
    const name = `${guarded ? 'guarded' : 'trusted'} ${url.origin}`;
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const proxyEnv = chosenProxy(settings) ?? this.#proxyEnv;
    const lookup = guarded ? guardedLookup(url.host, this.#lookup) : this.#lookup;
    const options: ProxyingAgentOptions = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      maxFreeSockets: MAX_SOCKETS,
      // The most recently used connection is the least likely to have been closed meanwhile.
      scheduling: 'lifo',
      noDelay: true,
      proxyEnv,
      ...(lookup === undefined ? {} : { lookup }),
    };
    const agent = this.#create(url, options, settings);
    if (!isProxied(url, proxyEnv)) readIntoBlocks(agent);
    this.#pools.set(name, agent);
    return agent;
  }

  /** Closes every connection, idle or not. */
  destroy(): void {
    for (const agent of this.#pools.values()) agent.destroy();
    this.#pools.clear();
  }

  #create(url: URL, options: ProxyingAgentOptions, settings: HostSettings | undefined): HttpAgent {
    if (url.protocol !== 'https:') return new HttpAgent(options);
    const secureContext = this.#contexts.for(url.host, settings);
    return new HttpsAgent({
      ...options,
      ...(secureContext === undefined ? {} : { secureContext }),
    });
  }
}

/** Whether a proxy may stand between: then a connection may be one within another. */
function isProxied({ protocol }: URL, proxyEnv: Environment): boolean {
  const variable = `${protocol.slice(0, -1)}_proxy`;
  const proxies = [proxyEnv[variable], proxyEnv[variable.toUpperCase()]];
  return proxies.some((proxy) => proxy !== undefined && proxy !== '');
}

function readIntoBlocks(agent: HttpAgent): void {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback): Duplex | null | undefined => {
    const reader = new BlockReader();
    // It goes on to net.connect or tls.connect, which know the option; the types here do not.
    const socket = create(Object.assign(options, { onread: reader.onread }), callback);
    if (socket instanceof Socket) reader.attach(socket);
    return socket;
  };
}

/** The proxies of an environment, checked; never one for this machine itself. */
export function proxyEnvironment(env: Environment): Environment {
  const proxies = PROXY_VARIABLES.map((name) => [name, env[name]] as const);
  for (const [name, proxy] of proxies) {
    if (proxy !== undefined && proxy !== '') assertProxy(`the environment variable ${name}`, proxy);
  }
  const direct = env['no_proxy'] ?? env['NO_PROXY'];
  const noProxy = direct === undefined || direct === '' ? LOOPBACK : `${direct},${LOOPBACK}`;
  return { ...Object.fromEntries(proxies), no_proxy: noProxy };
}
