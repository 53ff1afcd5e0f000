import { canonicalRegistry } from '../registry/reference.ts';
import { formatFor } from '../reports/addresses.ts';
import type { NotifySettings, ReportPlaces } from '../reports/settings.ts';
import { toMapPlace } from '../settings/map-config.ts';
import { toRegistries } from '../settings/registries-config.ts';
import { toVerify } from '../settings/verify-config.ts';
import type { Config, CopyConfig, MapConfig, ReleasesConfig, TimeoutsConfig } from './config.ts';
import { parseDuration } from '../settings/duration.ts';
import { parseRate } from '../settings/rate.ts';
import type { CopySettings } from './schema/copy.ts';
import type { MapSettings } from './schema/map.ts';
import type { NotifySchemaSettings } from './schema/notify.ts';
import type { ReleasesSettings } from './schema/releases.ts';
import type { ReportSettings } from './schema/report.ts';
import type { Settings } from './schema/settings.ts';
import type { TimeoutsSettings } from './schema/timeouts.ts';

/** Gives validated settings the form that the rooms take; a section left out stays out. */
export function normalise(
  settings: Settings,
): Omit<Config, 'releases' | 'target' | 'map'> & Partial<Config> {
  const { releases, source, target, map, verify, registries, copy, timeouts, report, notify } =
    settings;
  return {
    ...(releases === undefined ? {} : { releases: toReleases(releases) }),
    ...(target === undefined ? {} : { target }),
    ...(map === undefined ? {} : { map: toMap(map) }),
    source: { registry: canonicalRegistry(source.registry) },
    verify: toVerify(verify),
    registries: toRegistries(registries),
    copy: toCopy(copy),
    timeouts: toTimeouts(timeouts),
    report: toReport(report),
    ...(notify === undefined ? {} : { notify: toNotify(notify) }),
  };
}

function toCopy(settings: CopySettings): CopyConfig {
  const { engine, signatures, concurrency, bandwidth, platforms, rewriteIndex } = settings;
  return {
    engine,
    signatures,
    concurrency,
    ...(bandwidth === undefined ? {} : { bandwidth: parseRate(bandwidth) }),
    ...(platforms === undefined ? {} : { platforms }),
    ...(rewriteIndex === true ? { rewriteIndex } : {}),
  };
}

function toTimeouts({ silence, image, run }: TimeoutsSettings): TimeoutsConfig {
  return { silenceMs: toMs(silence), imageMs: toMs(image), runMs: toMs(run) };
}

function toMs(duration: string): number {
  return parseDuration(duration) * 1000;
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

function toReport({ pushgatewayFile, ...settings }: ReportSettings): ReportPlaces {
  const pushgateway = settings.pushgateway ?? pushgatewayFile;
  return { ...settings, ...(pushgateway === undefined ? {} : { pushgateway }) };
}

function toNotify({ webhook, webhookFile, on, format }: NotifySchemaSettings): NotifySettings {
  const address = webhook ?? webhookFile;
  if (address === undefined) {
    throw new TypeError('the validation of notify let through what names no webhook');
  }
  return { webhook: address, on, format: format ?? formatFor(address.reveal()) };
}
