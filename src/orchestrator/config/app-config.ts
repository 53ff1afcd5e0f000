import { parseDuration } from '../../settings/duration.ts';
import type { Mount } from '../engine/container-spec.ts';
import type { AppConfig, AppsConfig, GateConfig } from './config.ts';
import {
  EVERY_APP,
  type AppSettings,
  type AppsSettings,
  type HealthSettings,
} from './schema/apps.ts';
import { parsePublishedPort } from './schema/ports.ts';
import { parseSize } from './schema/texts.ts';

/** The settings of an app. */
export function appConfigFor(apps: AppsConfig, app: string): AppConfig {
  return (Object.hasOwn(apps.byName, app) ? apps.byName[app] : undefined) ?? apps.defaults;
}

/** Completes the settings of every app by those of `*` and the defaults. */
export function toApps(settings: AppsSettings): AppsConfig {
  const { [EVERY_APP]: everyApp = {}, ...own } = settings;
  return {
    defaults: toApp(everyApp),
    byName: Object.fromEntries(
      Object.entries(own).map(([app, settingsOfApp]) => [
        app,
        toApp(merge(everyApp, settingsOfApp)),
      ]),
    ),
  };
}

/** An app's own settings are stronger one by one; mappings are merged, lists are not. */
function merge(base: AppSettings, own: AppSettings): AppSettings {
  const byName = (key: 'environment' | 'extra_hosts' | 'health' | 'log'): object => ({
    [key]: { ...base[key], ...own[key] },
  });
  return {
    ...base,
    ...own,
    ...byName('environment'),
    ...byName('extra_hosts'),
    ...byName('health'),
    ...byName('log'),
  };
}

function toApp(settings: AppSettings): AppConfig {
  const { cpus, memory, pids, ports = [], mounts = [], log = {} } = settings;
  const published = ports.map(parsePublishedPort);
  return {
    autoUpdate: settings.auto_update ?? false,
    swap: settings.swap ?? (published.length > 0 ? 'stop-first' : 'blue-green'),
    // A drain may take an hour: the vendor's own limit.
    stopGraceSeconds: parseDuration(settings.stop_grace ?? '1h'),
    gate: toGate(settings.health ?? {}),
    resources: {
      ...(cpus !== undefined && { cpus }),
      ...(memory !== undefined && { memoryBytes: parseSize(memory) }),
      ...(pids !== undefined && { pids }),
    },
    environment: settings.environment ?? {},
    mounts: mounts.map(({ source, target, read_only: readOnly = false }): Mount =>
      source.startsWith('/')
        ? { kind: 'bind', source, target, readOnly }
        : { kind: 'volume', name: source, target, readOnly },
    ),
    ports: published,
    extraHosts: settings.extra_hosts ?? {},
    dns: settings.dns ?? [],
    readOnlyRoot: settings.read_only ?? false,
    logLimits: { maxBytes: parseSize(log.max_size ?? '50m'), files: log.files ?? 3 },
  };
}

function toGate({ probe = true, port, path, settle, timeout }: HealthSettings): GateConfig {
  return {
    probe: probe ? { port: port ?? 8000, path: path ?? '/server/health' } : undefined,
    settleSeconds: parseDuration(settle ?? '10s'),
    timeoutSeconds: timeout === undefined ? undefined : parseDuration(timeout),
  };
}
