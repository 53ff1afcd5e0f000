import type { Config, MapConfig } from '../config/config.ts';
import { matchRepository } from '../settings/match.ts';
import type { CopierOptions } from '../copiers/copy-image.ts';
import type { ImageCopier } from '../copiers/image-copier.ts';
import type { CopyOneDependencies } from '../mirror/copy-one.ts';
import { targetNaming } from '../mirror/naming.ts';
import type { Inspector } from '../mirror/inspect.ts';
import type { RunDependencies, RunSettings } from '../mirror/run.ts';
import { createRegistries, type Registries, type RegistriesOptions } from '../registry/client.ts';
import { parsePlatform } from '../registry/platform.ts';
import { canonicalRegistry } from '../registry/reference.ts';
import { fileUploadJournal } from '../registry/upload-journal.ts';
import type { ReleaseSource } from '../releases/release-source.ts';
import { selectReleases } from '../releases/select.ts';
import { shardReleases, type Shard } from '../releases/shard.ts';
import { discoverOnce } from '../signatures/discover-once.ts';
import { whenUsed } from '../signatures/when-used.ts';
import type { ProvableMapStore } from '../stores/map-store.ts';
import { openMapStore } from '../stores/open.ts';
import { cacheFolder } from './cache-folder.ts';
import { packageVersion } from './version.ts';
import type { wireInspector } from './wire-inspector.ts';
import type { World } from './world.ts';

/** A run, ready to go. */
export interface WiredRun {
  readonly dependencies: RunDependencies & { readonly store: ProvableMapStore };
  readonly registries: Registries;
  readonly settings: Omit<RunSettings, 'until'>;
  /** Closes every connection. */
  close(): void;
}

export interface WireRunOptions {
  /** Globs on app or image: the run looks at no other. */
  readonly only?: readonly string[];
  /** Whether the run looks behind the tags and mends what is broken at the target. */
  readonly repair?: boolean;
  /** The share of the repositories that is this run's. */
  readonly shard?: Shard | undefined;
}

/** GCS takes about one write a second per object; a run that is killed loses no more than this. */
const PUBLISH_INTERVAL_MS = 10_000;

/**
 * Makes the parts of a run from its configuration.
 *
 * @throws ConfigError what the configuration names cannot be used
 */
export async function wireRun(
  config: Config,
  world: World,
  { only = [], repair = false, shard }: WireRunOptions = {},
): Promise<WiredRun> {
  const { source, target, copy, verify, timeouts } = config;
  const store = await wireMap(config.map, world);
  const all = narrow(await wireReleases(config, world), only, source.registry);
  const releases = shard === undefined ? all : shardReleases(all, shard, source.registry);
  const { registries, dependencies } = await wireCopy(config, world);
  return {
    dependencies: {
      ...dependencies,
      releases,
      store,
      ...(repair
        ? { inspector: await wireRepair(config, { registries, dependencies }, world) }
        : {}),
    },
    registries,
    settings: {
      sourceRegistry: source.registry,
      isAllowedSource: allowedSources(config),
      naming: targetNaming({
        image: target.image,
        overrides: target.overrides.map(({ match, image }) => ({
          matches: matchRepository(match),
          image,
        })),
      }),
      existingTarget: target.existing,
      existingEntry: config.map.existing,
      entries: config.map.entries,
      verify: { mode: verify.mode, graceSeconds: verify.graceSeconds },
      concurrency: copy.concurrency,
      imageTimeoutMs: timeouts.imageMs,
      timeoutMs: timeouts.runMs,
      publishIntervalMs: PUBLISH_INTERVAL_MS,
    },
    close: () => registries.close(),
  };
}

async function wireRepair(...parts: Parameters<typeof wireInspector>): Promise<Inspector> {
  return (await import('./wire-inspector.ts')).wireInspector(...parts);
}

/** What of a configuration says how an image is brought from one registry to another. */
export type CopyingConfig = Pick<Config, 'copy' | 'verify' | 'timeouts' | 'registries'>;

/** Makes the parts that bring an image from one registry to another. */
export async function wireCopy(
  { copy, verify, timeouts, registries: hosts }: CopyingConfig,
  world: World,
): Promise<{ readonly dependencies: CopyOneDependencies; readonly registries: Registries }> {
  const { env, logger, now } = world;
  const registries = wireRegistries(hosts, world, {
    ...copy,
    stallMs: timeouts.silenceMs,
    uploads: fileUploadJournal(cacheFolder(env, 'uploads'), { logger, now }),
  });
  const { source, target } = registries;
  // Shared, so that what is attached to an image is asked once a run.
  const discover = discoverOnce();
  const copier = await wireCopier({ ...copy, ...timeouts, env }, registries, {
    source,
    target,
    signatures: copy.signatures,
    logger,
    discover,
    ...(copy.platforms === undefined ? {} : { platforms: copy.platforms.map(parsePlatform) }),
    rewriteIndex: copy.rewriteIndex === true,
  });
  const verifier = whenUsed(async () => {
    const { wireVerifier } = await import('./wire-verifier.ts');
    return wireVerifier(verify, { registry: source, discover, world });
  });
  return { dependencies: { source, target, verifier, copier, logger, now }, registries };
}

/** Opens the store of the map; nothing is asked of it yet. */
export async function wireMap(map: MapConfig, world: World): Promise<ProvableMapStore> {
  const { cwd, env, logger } = world;
  return openMapStore(map.store, { cwd, env, logger, ...map.settings });
}

/** Opens the registries; nothing is asked of them yet. */
export function wireRegistries(
  hosts: Config['registries'],
  world: World,
  {
    bandwidth,
    uploads,
    stallMs,
  }: Pick<RegistriesOptions, 'bandwidth' | 'uploads' | 'stallMs'> = {},
): Registries {
  const { env, logger, clock, lookup } = world;
  return createRegistries({
    hosts,
    ...(bandwidth === undefined ? {} : { bandwidth }),
    uploads,
    ...(stallMs === undefined ? {} : { stallMs }),
    env,
    logger,
    ...(clock === undefined ? {} : { clock }),
    ...(lookup === undefined ? {} : { lookup }),
    userAgent: `sdr-mirror/${packageVersion()}`,
  });
}

async function wireReleases(config: Config, world: World): Promise<ReleaseSource> {
  const { from, include, exclude, extra } = config.releases;
  const defaultRegistry = config.source.registry;
  const selection = { include, exclude, extra, defaultRegistry };
  if (from.kind === 'file') {
    const { createFileReleaseSource } = await import('../releases/file.ts');
    return selectReleases(createFileReleaseSource(from.path, { defaultRegistry }), selection);
  }
  const { createMarketplaceSource } = await import('../releases/marketplace.ts');
  const { env, logger } = world;
  const { url, token } = from;
  return selectReleases(
    createMarketplaceSource({ url, token, defaultRegistry, env, logger }),
    selection,
  );
}

function narrow(
  releases: ReleaseSource,
  only: readonly string[],
  defaultRegistry: string,
): ReleaseSource {
  return only.length === 0
    ? releases
    : selectReleases(releases, { include: only, exclude: [], extra: [], defaultRegistry });
}

async function wireCopier(
  { engine, silenceMs, env }: Config['copy'] & Config['timeouts'] & Pick<World, 'env'>,
  registries: Registries,
  options: CopierOptions,
): Promise<ImageCopier> {
  if (engine === 'skopeo') {
    const { createSkopeoCopier } = await import('../copiers/skopeo-copier.ts');
    return createSkopeoCopier({
      ...options,
      silenceMs,
      env,
      credentialFor: async (registry, own) => registries.credentialFor(registry, own),
      settingsFor: (registry) => registries.settingsFor(registry),
      ensureRepository: async (repository, own) => registries.ensureRepository(repository, own),
    });
  }
  const { createRegistryCopier } = await import('../copiers/registry-copier.ts');
  return createRegistryCopier(options);
}

/** The list of releases is data: which registries may be asked is the operator's to say. */
function allowedSources({ source, registries }: Config): RunSettings['isAllowedSource'] {
  const allowed = new Set([source.registry, ...Object.keys(registries)].map(canonicalRegistry));
  return (registry) => allowed.has(canonicalRegistry(registry));
}
