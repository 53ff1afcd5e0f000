import { canonicalRegistry } from '../registry/reference.ts';
import { toMapPlace } from '../settings/map-config.ts';
import { toRegistries } from '../settings/registries-config.ts';
import { toVerify } from '../settings/verify-config.ts';
import type { Config, CopyConfig, MapConfig, ReleasesConfig } from './config.ts';
import { parseRate } from '../settings/rate.ts';
import type { CopySettings } from './schema/copy.ts';
import type { MapSettings } from './schema/map.ts';
import type { ReleasesSettings } from './schema/releases.ts';
import type { Settings } from './schema/settings.ts';

/** Gives validated settings the form that the rooms take; a section left out stays out. */
export function normalise(
  settings: Settings,
): Omit<Config, 'releases' | 'target' | 'map'> & Partial<Config> {
  const { releases, source, target, map, verify, registries, copy } = settings;
  return {
    ...(releases === undefined ? {} : { releases: toReleases(releases) }),
    ...(target === undefined ? {} : { target }),
    ...(map === undefined ? {} : { map: toMap(map) }),
    source: { registry: canonicalRegistry(source.registry) },
    verify: toVerify(verify),
    registries: toRegistries(registries),
    copy: toCopy(copy),
  };
}

function toCopy(settings: CopySettings): CopyConfig {
  const { engine, signatures, concurrency, bandwidth, platforms } = settings;
  return {
    engine,
    signatures,
    concurrency,
    ...(bandwidth === undefined ? {} : { bandwidth: parseRate(bandwidth) }),
    ...(platforms === undefined ? {} : { platforms }),
  };
}

function toReleases(settings: ReleasesSettings): ReleasesConfig {
  const { url, file, include, exclude, extra } = settings;
  const token = settings.token ?? settings.tokenFile;
  const selection = { include, exclude, extra };
  if (file !== undefined) return { from: { kind: 'file', path: file }, ...selection };
  if (url !== undefined && token !== undefined) {
    return { from: { kind: 'marketplace', url, token }, ...selection };
  }
  throw new TypeError('the validation of releases let through what has neither file nor url');
}

function toMap(settings: MapSettings): MapConfig {
  const { entries, existing } = settings;
  return { ...toMapPlace(settings), entries, existing };
}
