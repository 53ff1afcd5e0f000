import { isAbsolute, normalize, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Environment } from './agents.ts';
import { readDaprDescription } from './dapr/description.ts';
import { azurePlace, gcsPlace, s3Place } from './dapr/places.ts';
import { ComponentSettings } from './dapr/settings.ts';
import type { FilePlace, MapPlace } from './place.ts';

/** The orchestrator's own description of where it looks for the map. */
export interface ComponentLocation {
  /** A Dapr component file, a folder of them, or the orchestrator's `config.yaml`. */
  readonly path: string;
  /** Default `objectstore`. */
  readonly name?: string;
  /** Default: what `config.yaml` says as `container_registry.image_map_path`. */
  readonly key?: string;
  /** In place of a `bindings.localstorage` component's `rootPath`, a path inside the container. */
  readonly rootPath?: string;
  /** The file's text, where it is known already and expanded: `path` then only names it. */
  readonly content?: Secret;
}

/**
 * Reads where the map is from a Dapr component, so that mirror and orchestrator are pointed at one
 * place by one description. The map is always plain bytes, whatever the base64 settings say.
 *
 * @throws ConfigError
 */
export async function readComponentPlace(
  location: ComponentLocation,
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): Promise<MapPlace> {
  const path = resolve(cwd, location.path);
  const description = await readDaprDescription(path, env, location.content);
  const component = await description.component(location.name ?? 'objectstore');
  const key = (location.key ?? description.imageMapPath)?.replace(/^\/+/, '');
  if (key === undefined || key === '') {
    throw new ConfigError(
      `${path} does not say where in the store the map is: set "map.key", for example sdr/image-map.yaml`,
    );
  }
  const settings = new ComponentSettings(component);
  const place = placeOf(settings, key, location.rootPath, cwd);
  settings.assertComplete();
  return place;
}

function placeOf(
  settings: ComponentSettings,
  key: string,
  rootPath: string | undefined,
  cwd: string,
): MapPlace {
  switch (settings.type) {
    case 'bindings.aws.s3':
    case 'bindings.s3':
      return s3Place(settings, key);
    case 'bindings.azure.blobstorage':
      return azurePlace(settings, key);
    case 'bindings.gcp.bucket':
    case 'bindings.gcs':
      return gcsPlace(settings, key);
    case 'bindings.localstorage':
    case 'bindings.local.storage':
      return filePlace(settings, key, rootPath, cwd);
    default:
      throw new ConfigError(
        `${settings.where} is of type ${JSON.stringify(settings.type)}: the map can be kept in bindings.aws.s3, bindings.azure.blobstorage, bindings.gcp.bucket and bindings.localstorage`,
      );
  }
}

function filePlace(
  settings: ComponentSettings,
  key: string,
  rootPath: string | undefined,
  cwd: string,
): FilePlace {
  const root = rootPath ?? settings.required('rootPath');
  const within = normalize(key);
  if (within.startsWith('..') || isAbsolute(within)) {
    settings.refuse(`the key ${JSON.stringify(key)} leads out of its rootPath`);
  }
  return { kind: 'file', path: resolve(cwd, root, within) };
}
