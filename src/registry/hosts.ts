import { ConfigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { canonicalRegistry } from './reference.ts';

/** What the operator says about one registry host. */
export interface HostSettings {
  readonly username?: string;
  readonly password?: Secret;
  /** An OAuth 2 refresh token, exchanged at the registry's token service. */
  readonly identityToken?: Secret;
  /** A bearer token that is sent to the registry as it is. */
  readonly registryToken?: Secret;
  /** Certificate authorities in PEM, trusted for this host besides the usual ones. */
  readonly ca?: string;
  /** Client certificate and its key, in PEM. */
  readonly cert?: string;
  readonly key?: Secret;
  /** Speak http instead of https. */
  readonly plainHttp?: boolean;
  /** The proxy for this host alone, `http://host:port`, or `none`; the environment's by default. */
  readonly proxy?: Secret;
  /** Create repositories that are missing when they are written to; only ECR needs and allows it. */
  readonly createRepositories?: boolean;
  /** Whether to sign in as the workload that this is in the registry's cloud; yes by default. */
  readonly cloudIdentity?: boolean;
}

/** Settings by canonical `host[:port]`. */
export type HostSettingsByHost = Readonly<Record<string, HostSettings>>;

// Docker Hub answers its API on another host than the one in references.
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

const NO_SETTINGS: HostSettings = {};

/** The configured hosts, looked up by registry name or by a URL that leads there. */
export class Hosts {
  readonly #byRegistry = new Map<string, HostSettings>();
  readonly #byOrigin = new Map<string, HostSettings>();

  constructor(settings: HostSettingsByHost) {
    for (const [host, own] of Object.entries(settings)) {
      const registry = canonicalRegistry(host);
      this.#byRegistry.set(registry, own);
      this.#byOrigin.set(apiUrl(registry, own).origin, own);
    }
  }

  /** Settings of a registry as references name it; empty if there are none. */
  ofRegistry(registry: string): HostSettings {
    return this.#byRegistry.get(canonicalRegistry(registry)) ?? NO_SETTINGS;
  }

  /** Settings of the host a URL leads to, `undefined` if the operator never named it. */
  ofUrl(url: URL): HostSettings | undefined {
    return this.#byOrigin.get(url.origin);
  }

  /** Where a registry's API answers. */
  apiUrl(registry: string): URL {
    return apiUrl(registry, this.ofRegistry(registry));
  }
}

function apiUrl(registry: string, settings: HostSettings): URL {
  const canonical = canonicalRegistry(registry);
  const scheme = settings.plainHttp === true ? 'http' : 'https';
  const text = `${scheme}://${API_HOSTS[canonical] ?? canonical}/`;
  const url = URL.parse(text);
  // A host that reads as more than a host would send credentials somewhere else.
  if (url === null || url.username !== '' || url.pathname !== '/' || url.search !== '') {
    throw new ConfigError(`"${registry}" is not a registry host; write host or host:port`);
  }
  return url;
}
