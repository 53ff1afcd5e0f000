import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate, type Certificate } from '../test/support/servers/certificate.ts';
import { freePort, temporaryFolder } from '../test/support/servers/server-process.ts';
import { pushCorpora } from './corpora.ts';
import { signer } from './signer.ts';
import type { Traffic } from './latency-proxy.ts';
import {
  emptyStorage,
  startBenchRegistry,
  startProxyProcess,
  type BenchRegistry,
  type ProxyProcess,
} from './registry.ts';

/** How the two registries are to be had. */
export interface Setting {
  readonly delayMs: number;
  readonly tls: boolean;
  readonly isLogged: boolean;
}

const SIDES = ['source', 'target'] as const;
type Side = (typeof SIDES)[number];

/** What went through the proxies, by side. */
export type TrafficBySide = Readonly<Record<Side, Traffic>>;

const cache = process.env['SDR_MIRROR_CACHE'] ?? join(homedir(), '.cache', 'sdr-mirror');
/** Bumped when the corpora change. */
const CORPORA_VERSION = 1;

/** Two registries and a proxy before each, on ports that stay. */
export class World {
  readonly folder: string;
  readonly certificate: Certificate;
  /** PEM file: who signed the signed corpora. */
  publicKey = '';
  readonly #storage: Readonly<Record<Side, string>>;
  readonly #ports: Readonly<Record<Side, number>>;
  readonly #proxyPorts: Readonly<Record<Side, number>>;
  readonly #remove: () => Promise<void>;
  readonly #registries = new Map<Side, BenchRegistry>();
  readonly #proxies = new Map<Side, ProxyProcess>();
  #setting: Setting = { delayMs: 0, tls: false, isLogged: false };

  private constructor(
    folder: { readonly path: string; readonly remove: () => Promise<void> },
    certificate: Certificate,
    ports: readonly number[],
  ) {
    const [source = 0, target = 0, sourceProxy = 0, targetProxy = 0] = ports;
    this.folder = folder.path;
    this.#remove = folder.remove;
    this.certificate = certificate;
    // The target in memory where there is such a folder: a disk would be measured otherwise.
    const memory = existsSync('/dev/shm')
      ? `/dev/shm/sdr-mirror-bench-${process.pid}`
      : folder.path;
    this.#storage = {
      source: join(cache, 'bench', `corpora-${CORPORA_VERSION}`),
      target: join(memory, 'target'),
    };
    this.#ports = { source, target };
    this.#proxyPorts = { source: sourceProxy, target: targetProxy };
  }

  /** Makes the corpora first, if this machine has not got them yet. */
  static async open(): Promise<World> {
    const folder = await temporaryFolder('sdr-mirror-bench');
    const certificate = await makeCertificate(folder.path);
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const world = new World(folder, certificate, ports);
    await world.#makeCorpora();
    return world;
  }

  /** `host:port` to be asked: the registry itself, or the proxy before it. */
  host(side: Side): string {
    const isProxied = this.#proxies.has(side);
    return `127.0.0.1:${(isProxied ? this.#proxyPorts : this.#ports)[side]}`;
  }

  /** Starts both registries; the target empty. A proxy stands before each where bytes are delayed. */
  async start(
    setting: Setting,
    { counts = false }: { readonly counts?: boolean } = {},
  ): Promise<void> {
    await this.stop();
    this.#setting = setting;
    await this.emptyTarget();
    await this.#startRegistry('source');
    if (setting.delayMs > 0 || counts) await this.delay(setting.delayMs);
  }

  /** Puts proxies of another delay before the registries, on the same ports. */
  async delay(delayMs: number): Promise<TrafficBySide | undefined> {
    const traffic = await this.#stopProxies();
    for (const side of SIDES) {
      const proxy = await startProxyProcess(
        { upstream: this.#ports[side], delayMs, port: this.#proxyPorts[side] },
        join(this.folder, `${side}-proxy`),
      );
      this.#proxies.set(side, proxy);
    }
    return traffic;
  }

  /** Starts the target over with nothing in it. */
  async emptyTarget(): Promise<void> {
    await this.#registries.get('target')?.stop();
    await emptyStorage(this.#storage.target);
    await this.#startRegistry('target');
  }

  /** The requests each registry has answered since it was started. */
  async requests(): Promise<Readonly<Record<Side, readonly string[]>>> {
    const [source = [], target = []] = await Promise.all(
      SIDES.map(async (side) => this.#registries.get(side)?.requests()),
    );
    return { source, target };
  }

  async stop(): Promise<void> {
    await this.#stopProxies();
    for (const registry of this.#registries.values()) await registry.stop();
    this.#registries.clear();
  }

  async close(): Promise<void> {
    await this.stop();
    await emptyStorage(join(this.#storage.target, '..'));
    await this.#remove();
  }

  async #startRegistry(side: Side): Promise<void> {
    const { tls, isLogged } = this.#setting;
    const registry = await startBenchRegistry({
      folder: join(this.folder, side),
      storage: this.#storage[side],
      port: this.#ports[side],
      certificate: tls ? this.certificate : undefined,
      isLogged,
    });
    this.#registries.set(side, registry);
  }

  async #stopProxies(): Promise<TrafficBySide | undefined> {
    const [source, target] = await Promise.all(
      SIDES.map(async (side) => this.#proxies.get(side)?.stop()),
    );
    this.#proxies.clear();
    return source === undefined || target === undefined ? undefined : { source, target };
  }

  async #makeCorpora(): Promise<void> {
    const { source } = this.#storage;
    const { sign, publicKey } = await signer(source);
    this.publicKey = publicKey;
    for (const [name, make] of [
      ['plain', (url: string) => pushCorpora(url, ['a', 'b', 'c'])],
      ['signed', (url: string) => pushCorpora(url, ['signed-a', 'signed-c100'], sign)],
    ] as const) {
      const finished = join(source, `complete-${name}`);
      if (existsSync(finished)) continue;
      console.error(`making the corpora (${name}), once for this machine …`);
      await this.#startRegistry('source');
      await make(`http://${this.host('source')}`);
      await this.stop();
      await writeFile(`${finished}.new`, '');
      await rename(`${finished}.new`, finished);
    }
  }
}
