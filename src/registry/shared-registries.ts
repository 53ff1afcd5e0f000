import type { LookupFunction } from 'node:net';
import { ConfigError } from '../errors.ts';
import { silentLogger, type Logger } from '../log.ts';
import { Authenticator } from './auth/authenticator.ts';
import { whyNotCreated } from './auth/cloud/cloud-registry.ts';
import { systemClouds, type Cloud, type Clouds } from './auth/cloud/clouds.ts';
import { TokenService } from './auth/token-service.ts';
import { findCredential, systemSources, type CredentialSources } from './credentials.ts';
import { HostClient } from './host-client.ts';
import { Hosts, type HostSettings, type HostSettingsByHost } from './hosts.ts';
import type { Environment } from './http/agents.ts';
import { Bandwidth } from './http/bandwidth.ts';
import { systemClock, type Clock } from './http/clock.ts';
import { Exchange } from './http/exchange.ts';
import { formSender } from './http/form.ts';
import { HostBudget } from './http/limits.ts';
import { Outages } from './http/outages.ts';
import { ServerClocks } from './http/server-clocks.ts';
import { DRIPS } from './http/stall.ts';
import { Transport } from './http/transport.ts';
import { ContentCache } from './content-cache.ts';
import { ManifestCache } from './manifest-cache.ts';
import { canonicalRegistry } from './reference.ts';
import { RepositoryCreator } from './repository-creator.ts';
import type { UploadJournal } from './upload-journal.ts';

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
  /** Where unfinished uploads go on, for the next process; nowhere by default. */
  readonly uploads?: UploadJournal | undefined;
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

/** Bytes of them all; an image's are wanted again within moments. */
const MAX_SMALL_BLOBS = 4 * 1024 * 1024;
const DEFAULT_CONCURRENCY = 64;
const DEFAULT_STALL_MS = 60_000;
const DEFAULT_CONNECT_MS = 20_000;
const DEFAULT_MAX_PAUSE_MS = 15 * 60_000;

/** What both sides share. */
export class SharedRegistries {
  readonly hosts: Hosts;
  readonly logger: Logger;
  readonly manifests: ManifestCache = new ManifestCache();
  /** Small blobs that were read whole: payloads of signatures, which are verified and then copied. */
  readonly smallBlobs: ContentCache<Uint8Array> = new ContentCache(
    MAX_SMALL_BLOBS,
    ({ byteLength }) => byteLength,
  );
  readonly bandwidth: Bandwidth | undefined;
  readonly uploads: UploadJournal | undefined;
  readonly clocks: ServerClocks = new ServerClocks();
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
    this.uploads = options.uploads;
    const { bandwidth } = options;
    this.bandwidth = bandwidth === undefined ? undefined : new Bandwidth(bandwidth, clock);
    this.#options = options;
    this.#clock = clock;
    this.#sources = options.credentialSources ?? systemSources(env, options.hosts);
    this.#clouds = options.clouds ?? systemClouds(env);
    const stallMs = options.stallMs ?? DEFAULT_STALL_MS;
    this.#transport = new Transport({
      env,
      userAgent: options.userAgent ?? 'sdr-mirror',
      stallMs,
      connectMs: options.connectMs ?? DEFAULT_CONNECT_MS,
      lookup: options.lookup,
    });
    const { hosts, clocks } = this;
    this.#exchange = new Exchange({
      transport: this.#transport,
      hosts,
      clock,
      logger,
      clocks,
      outages: new Outages({ clock, logger, longestTryMs: DRIPS * stallMs }),
    });
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
