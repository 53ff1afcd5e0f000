import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { ConfigError, type Side } from '../errors.ts';
import { silentLogger, type Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { Authenticator } from './auth/authenticator.ts';
import { whyNotCreated } from './auth/cloud/cloud-registry.ts';
import { systemClouds, type Cloud, type Clouds } from './auth/cloud/clouds.ts';
import { TokenService } from './auth/token-service.ts';
import { getBlob, hasBlob, openBlob } from './blobs.ts';
import {
  findCredential,
  systemSources,
  type Credential,
  type CredentialSources,
} from './credentials.ts';
import { HostClient } from './host-client.ts';
import { Hosts, type HostSettings, type HostSettingsByHost } from './hosts.ts';
import type { Environment } from './http/agents.ts';
import { Bandwidth } from './http/bandwidth.ts';
import { abandonable, systemClock, type Clock } from './http/clock.ts';
import { Exchange } from './http/exchange.ts';
import { formSender } from './http/form.ts';
import { HostBudget } from './http/limits.ts';
import { Transport } from './http/transport.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { ManifestCache } from './manifest-cache.ts';
import { putManifest } from './manifest-upload.ts';
import { getManifest, headManifest } from './manifests.ts';
import { listReferrers } from './referrers.ts';
import {
  canonicalRegistry,
  type Digest,
  type DigestReference,
  type Reference,
  type Repository,
} from './reference.ts';
import type { ManifestHead, OpenBlobOptions, PutManifestResult, Registry } from './registry.ts';
import { RepositoryCreator } from './repository-creator.ts';
import { putBlob } from './uploads.ts';

export interface RegistriesOptions {
  /** What the operator says about registry hosts. */
  readonly hosts: HostSettingsByHost;
  /** Proxy variables and the places of docker's configuration; this process's by default. */
  readonly env?: Environment;
  readonly logger?: Logger;
  /** For example `sdr-mirror/1.2.3`. */
  readonly userAgent?: string;
  /** Most requests in flight at one host. */
  readonly concurrency?: number;
  /** Most bytes of blobs a second that are streamed from all registries together. */
  readonly bandwidth?: number;
  /** Longest silence of a peer, in milliseconds. */
  readonly stallMs?: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs?: number;
  /** Longest pause a host may ask for and get, in milliseconds; a longer one is an error. */
  readonly maxPauseMs?: number;
  readonly clock?: Clock;
  /** Resolves host names; the system's resolver by default. */
  readonly lookup?: LookupFunction;
  /** Where credentials are looked up besides the settings; `env` and the home folder by default. */
  readonly credentialSources?: CredentialSources;
  /** The identities that clouds give this workload; asked only for a registry of theirs. */
  readonly clouds?: Clouds;
}

/**
 * All registries of a run. Both sides share connections, limits, tokens and the manifests already
 * read; they differ in the side that their errors name.
 */
export interface Registries {
  readonly source: Registry;
  readonly target: Registry;
  /** The credential a registry is asked with, for whoever talks to it by other means. */
  credentialFor(registry: string, options?: Options): Promise<Credential>;
  /** What the operator says about a registry; empty if nothing. */
  settingsFor(registry: string): HostSettings;
  /**
   * Creates a repository where its registry wants it to be there first and the operator wants it
   * created, for whoever writes there by other means.
   */
  ensureRepository(repository: Repository, options?: Options): Promise<void>;
  /** Closes every connection; to be called once nothing is under way. */
  close(): void;
}

const DEFAULT_CONCURRENCY = 64;
const DEFAULT_STALL_MS = 60_000;
const DEFAULT_CONNECT_MS = 20_000;
const DEFAULT_MAX_PAUSE_MS = 15 * 60_000;

/** Opens the registries of a run; nothing is sent before something is asked. */
export function createRegistries(options: RegistriesOptions): Registries {
  const shared = new SharedRegistries(options);
  return {
    source: new DistributionRegistry('source', shared),
    target: new DistributionRegistry('target', shared),
    credentialFor: async (registry, { signal } = {}) =>
      abandonable(shared.client(registry).credential(), signal),
    settingsFor: (registry) => shared.hosts.ofRegistry(registry),
    ensureRepository: async ({ registry, repository }, own = {}) =>
      shared.client(registry).ensureRepository(repository, own),
    close: () => shared.close(),
  };
}

/** What both sides share. */
class SharedRegistries {
  readonly hosts: Hosts;
  readonly logger: Logger;
  readonly manifests: ManifestCache = new ManifestCache();
  readonly bandwidth: Bandwidth | undefined;
  readonly #options: RegistriesOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #exchange: Exchange;
  readonly #tokens: TokenService;
  readonly #sources: CredentialSources;
  readonly #clouds: Clouds;
  readonly #budgets = new Map<string, HostBudget>();
  readonly #clients = new Map<string, HostClient>();

  constructor(options: RegistriesOptions) {
    const { env = process.env, logger = silentLogger, clock = systemClock } = options;
    this.hosts = new Hosts(options.hosts);
    this.logger = logger;
    const { bandwidth } = options;
    this.bandwidth = bandwidth === undefined ? undefined : new Bandwidth(bandwidth, clock);
    this.#options = options;
    this.#clock = clock;
    this.#sources = options.credentialSources ?? systemSources(env);
    this.#clouds = options.clouds ?? systemClouds(env);
    this.#transport = new Transport({
      env,
      userAgent: options.userAgent ?? 'sdr-mirror',
      stallMs: options.stallMs ?? DEFAULT_STALL_MS,
      connectMs: options.connectMs ?? DEFAULT_CONNECT_MS,
      lookup: options.lookup,
    });
    const { hosts } = this;
    this.#exchange = new Exchange({ transport: this.#transport, hosts, clock, logger });
    this.#tokens = new TokenService({
      exchange: this.#exchange,
      hosts,
      clock,
      budgetFor: (url) => this.#budget(url.host),
    });
  }

  client(registry: string): HostClient {
    const name = canonicalRegistry(registry);
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = this.#open(name);
      this.#clients.set(name, client);
    }
    return client;
  }

  close(): void {
    this.#transport.close();
  }

  #open(registry: string): HostClient {
    const url = this.hosts.apiUrl(registry);
    const settings = this.hosts.ofRegistry(registry);
    const exchange = this.#exchange;
    const budget = this.#budget(url.host);
    const send = formSender(exchange, budget, url);
    const cloud = this.#clouds({ registry, url, send });
    const signIn = settings.cloudIdentity === false ? undefined : cloud?.signIn;
    const authenticator = new Authenticator({
      home: url,
      clock: this.#clock,
      tokens: this.#tokens,
      findCredential: async () => findCredential(registry, settings, this.#sources, { signIn }),
    });
    const repositories = this.#repositories(registry, settings, cloud);
    return new HostClient({ registry, url, exchange, budget, authenticator, repositories });
  }

  #repositories(
    registry: string,
    { createRepositories }: HostSettings,
    cloud: Cloud | undefined,
  ): RepositoryCreator | undefined {
    if (createRepositories !== true) return undefined;
    const create = cloud?.createRepository;
    if (create === undefined) {
      const why = whyNotCreated(registry) ?? 'takes https';
      throw new ConfigError(`registries: ${registry}: createRepositories ${why}`);
    }
    return new RepositoryCreator({ create, logger: this.logger, registry });
  }

  #budget(host: string): HostBudget {
    let budget = this.#budgets.get(host);
    if (budget === undefined) {
      budget = new HostBudget(host, {
        clock: this.#clock,
        logger: this.logger,
        window: this.#options.concurrency ?? DEFAULT_CONCURRENCY,
        maxPauseMs: this.#options.maxPauseMs ?? DEFAULT_MAX_PAUSE_MS,
      });
      this.#budgets.set(host, budget);
    }
    return budget;
  }
}

/** One side's view of all registries, over the OCI Distribution API. */
class DistributionRegistry implements Registry {
  readonly #side: Side;
  readonly #shared: SharedRegistries;

  constructor(side: Side, shared: SharedRegistries) {
    this.#side = side;
    this.#shared = shared;
  }

  async head(reference: Reference, options: Options = {}): Promise<ManifestHead | undefined> {
    const client = this.#shared.client(reference.registry);
    return headManifest(client, this.#side, reference, this.#shared.manifests, options);
  }

  async getManifest(reference: Reference, options: Options = {}): Promise<Manifest | undefined> {
    const client = this.#shared.client(reference.registry);
    return getManifest(client, this.#side, reference, this.#shared.manifests, options);
  }

  async getBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: Options & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    return getBlob(repository, descriptor, { ...this.#context(repository), ...options });
  }

  async referrers(
    subject: DigestReference,
    options: Options = {},
  ): Promise<readonly Descriptor[] | undefined> {
    return listReferrers(this.#shared.client(subject.registry), this.#side, subject, options);
  }

  async hasBlob(repository: Repository, digest: Digest, options: Options = {}): Promise<boolean> {
    return hasBlob(repository, digest, { ...this.#context(repository), ...options });
  }

  async openBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: OpenBlobOptions = {},
  ): Promise<Readable> {
    const stream = await openBlob(repository, descriptor, {
      ...this.#context(repository),
      ...options,
    });
    return this.#shared.bandwidth?.throttle(stream) ?? stream;
  }

  async putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    options: Options & { readonly mountFrom?: Repository } = {},
  ): Promise<'mounted' | 'uploaded'> {
    return putBlob(repository, descriptor, open, { ...this.#context(repository), ...options });
  }

  async putManifest(
    reference: Reference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options: Options = {},
  ): Promise<PutManifestResult> {
    const client = this.#shared.client(reference.registry);
    return putManifest(client, this.#side, reference, manifest, options);
  }

  #context({ registry }: Repository): {
    readonly client: HostClient;
    readonly side: Side;
    readonly hosts: Hosts;
    readonly logger: Logger;
  } {
    const { hosts, logger } = this.#shared;
    return { client: this.#shared.client(registry), side: this.#side, hosts, logger };
  }
}
