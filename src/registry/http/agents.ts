import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket, type LookupFunction } from 'node:net';
import type { HostSettings } from '../hosts.ts';
import { guardedLookup } from './address-guard.ts';
import { BlockReader } from './block-reader.ts';
import { assertProxy, chosenProxy } from './proxy.ts';
import { SecureContexts } from './secure-contexts.ts';
import { SpareConnections } from './spare-connections.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

// Node 22.21 and 24.5 brought proxies to the agents; the types of Node 22 do not say so yet.
type ProxyingAgentOptions = AgentOptions & { readonly proxyEnv: Environment };

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'] as const;
// Go's clients never send these through a proxy; whoever sets HTTP_PROXY expects the same here.
const LOOPBACK = 'localhost,127.0.0.1,[::1]';
const MAX_SOCKETS = 128;

interface Pool {
  readonly agent: HttpAgent;
  /** Absent where a proxy may stand between. */
  readonly spare?: SpareConnections;
}

/** The keep-alive connections of a run, one pool for each origin. */
export class Agents {
  readonly #pools = new Map<string, Pool>();
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
    return this.#pool(url, settings, guarded).agent;
  }

  /** Says that a connection of that pool will be needed soon: it is opened as the pool's first one is. */
  wantConnection(url: URL, settings: HostSettings | undefined, guarded: boolean): void {
    this.#pool(url, settings, guarded).spare?.want();
  }

  /** Closes every connection, idle or not. */
  destroy(): void {
    for (const { agent, spare } of this.#pools.values()) {
      agent.destroy();
      spare?.destroy();
    }
    this.#pools.clear();
  }

  #pool(url: URL, settings: HostSettings | undefined, guarded: boolean): Pool {
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
    const pool = isProxied(url, proxyEnv) ? { agent } : { agent, spare: connectOurselves(agent) };
    this.#pools.set(name, pool);
    return pool;
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

/** Makes an agent's connections be read into blocks, and be opened before they are needed. */
function connectOurselves(agent: HttpAgent): SpareConnections {
  const create = agent.createConnection.bind(agent);
  const spare = new SpareConnections((options, callback) => {
    const reader = new BlockReader();
    // It goes on to net.connect or tls.connect, which know the option; the types here do not.
    const socket = create(Object.assign(options, { onread: reader.onread }), callback);
    if (socket instanceof Socket) reader.attach(socket);
    return socket;
  });
  agent.createConnection = (options, callback) => spare.connect(options, callback);
  return spare;
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
