import { hostname } from 'node:os';
import { type Logger, silentLogger } from '../log.ts';
import type { Environment } from './agents.ts';
import { type ComponentLocation, readComponentPlace } from './dapr-component.ts';
import { parseMapLocation } from './location.ts';
import type { ProvableMapStore } from './map-store.ts';
import type { AzureBlobSettings, GcsSettings, MapPlace, S3Settings } from './place.ts';

export interface OpenMapStoreOptions {
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Proxies, `AWS_CA_BUNDLE`, `AZURE_STORAGE_*`, `GOOGLE_CLOUD_PROJECT`, secrets of a component. */
  readonly env?: Environment;
  readonly logger?: Logger;
  /** Who writes, for people who look at the object. Default: this product on this host. */
  readonly writer?: string;
  /** Settings for a store of the kind, before what a component says. */
  readonly s3?: S3Settings;
  readonly azblob?: AzureBlobSettings;
  readonly gs?: GcsSettings;
}

/**
 * Opens the store that a location names. Nothing is asked of it yet.
 *
 * @param location - `file:path`, `s3://bucket/key`, `azblob://account/container/key`,
 *   `gs://bucket/key`
 * @throws ConfigError for a location that no store knows
 */
export async function openMapStore(
  location: string,
  options: OpenMapStoreOptions,
): Promise<ProvableMapStore> {
  return openPlace(parseMapLocation(location, options.cwd), options);
}

/**
 * Opens the store that the orchestrator's own component describes.
 *
 * @throws ConfigError if the component cannot be read, or is of a kind without a store
 */
export async function openComponentStore(
  component: ComponentLocation,
  options: OpenMapStoreOptions,
): Promise<ProvableMapStore> {
  const { cwd, env = {} } = options;
  return openPlace(await readComponentPlace(component, { cwd, env }), options);
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
