import { hostname } from 'node:os';
import { ConfigError } from '../errors.ts';
import { type Logger, silentLogger } from '../log.ts';
import type { Environment } from './agents.ts';
import { type ComponentLocation, readComponentPlace } from './dapr-component.ts';
import { parseMapLocation } from './location.ts';
import type { ProvableMapStore } from './map-store.ts';
import { withTimeLimit } from './time-limit.ts';
import type { AzureBlobSettings, GcsSettings, MapPlace, S3Settings } from './place.ts';

/** Settings by kind of store; those for the kind that is opened win over what a component says. */
export interface MapStoreSettings {
  readonly s3?: S3Settings;
  readonly azblob?: AzureBlobSettings;
  readonly gs?: GcsSettings;
}

export interface OpenMapStoreOptions extends MapStoreSettings {
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Proxies, `AWS_CA_BUNDLE`, `AZURE_STORAGE_*`, `GOOGLE_CLOUD_PROJECT`, secrets of a component. */
  readonly env?: Environment;
  readonly logger?: Logger;
  /** Who writes, for people who look at the object. Default: this product on this host. */
  readonly writer?: string;
  /** Longest that a call to a store over a network may take, in milliseconds; two minutes by default. */
  readonly limitMs?: number;
}

/**
 * Opens the store that keeps the map. Nothing is asked of it yet.
 *
 * @param where - `file:path`, `s3://bucket/key`, `azblob://account/container/key`,
 *   `gs://bucket/key`; or the orchestrator's own component that describes it
 * @throws ConfigError for a location that no store knows, a component that cannot be read or is of
 *   a kind without a store, and settings for a store of another kind
 */
export async function openMapStore(
  where: string | ComponentLocation,
  options: OpenMapStoreOptions,
): Promise<ProvableMapStore> {
  const { cwd, env = {} } = options;
  const place =
    typeof where === 'string'
      ? parseMapLocation(where, cwd)
      : await readComponentPlace(where, { cwd, env });
  for (const kind of ['s3', 'azblob', 'gs'] as const) {
    if (options[kind] === undefined || kind === place.kind) continue;
    throw new ConfigError(
      `the settings under map.${kind} do not fit: the map is in a store of the kind ${place.kind}`,
    );
  }
  const store = await openPlace(place, options);
  // A file is here, and its lock has a time limit of its own.
  return place.kind === 'file' ? store : withTimeLimit(store, options.limitMs);
}

/** Each store loads its SDK only here: together they would cost half a second at every start. */
async function openPlace(place: MapPlace, options: OpenMapStoreOptions): Promise<ProvableMapStore> {
  const { env = {}, logger = silentLogger, writer = `sdr-mirror on ${hostname()}` } = options;
  if (place.kind === 'file') {
    const { createFileStore } = await import('./file.ts');
    return createFileStore(place.path);
  }
  if (place.kind === 's3') {
    const { createS3Store } = await import('./s3.ts');
    return createS3Store({ ...place, ...options.s3 }, { env, logger, writer });
  }
  if (place.kind === 'azblob') {
    const { createAzureBlobStore } = await import('./azure-blob.ts');
    return createAzureBlobStore({ ...place, ...options.azblob }, { env, writer });
  }
  const { createGcsStore } = await import('./gcs.ts');
  return createGcsStore({ ...place, ...options.gs }, { env, writer });
}
