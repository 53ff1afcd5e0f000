import { parseDuration } from '../../settings/duration.ts';
import { toMapPlace } from '../../settings/map-config.ts';
import { toRegistries } from '../../settings/registries-config.ts';
import { toVerify } from '../../settings/verify-config.ts';
import { Secret } from '../../secret.ts';
import { toApps } from './app-config.ts';
import type {
  AtlanConfig,
  Component,
  ComponentItem,
  ImagesConfig,
  OrchestratorConfig,
  OwnConfig,
  ReleasesConfig,
  TemporalConfig,
} from './config.ts';
import type { ComponentsSettings, ItemSettings } from './schema/components.ts';
import type { OwnSettings, Settings } from './schema/settings.ts';
import type { TlsSettings } from './schema/temporal.ts';
import { canonicalPrefix, isLoopback } from './schema/texts.ts';
import type { AtlanSettings, ContainerRegistrySettings } from './schema/vendor.ts';

/** What the components are made of besides what this product reads. */
const KNOWN_KEYS = new Set(['type', 'version', 'metadata', 'auth']);

/** Gives validated settings the form that the rooms take. What lacks a needed part is left out. */
export function normalise(
  settings: Settings,
  components: readonly Component[],
): Partial<OrchestratorConfig> {
  const { orchestrator } = settings;
  const atlan = toAtlan(settings.atlan);
  return {
    components,
    images: toImages(settings.container_registry, orchestrator),
    registries: toRegistries(orchestrator.registries),
    verify: toSigners(orchestrator),
    apps: toApps(orchestrator.apps),
    controlPlane: { callbackUrl: orchestrator.control_plane.callback_url },
    ...(atlan && {
      atlan,
      orchestrator: toOwn(orchestrator, atlan),
      temporal: toTemporal(orchestrator, atlan),
      releases: toReleases(orchestrator, atlan),
    }),
  };
}

export function toComponents(settings: ComponentsSettings): readonly Component[] {
  return Object.entries(settings).map(([name, { type, version, metadata, auth, ...rest }]) => ({
    name,
    type,
    version,
    metadata: metadata.map(toItem),
    secretStore: auth?.secretStore,
    spec: Object.fromEntries(Object.entries(rest).filter(([key]) => !KNOWN_KEYS.has(key))),
  }));
}

function toItem({ name, value, secretKeyRef, envRef }: ItemSettings): ComponentItem {
  if (envRef !== undefined) return { name, value: { kind: 'environment', variable: envRef } };
  if (secretKeyRef === undefined) {
    return { name, value: { kind: 'value', value: new Secret(String(value ?? '')) } };
  }
  const secret = secretKeyRef.name ?? secretKeyRef.key ?? '';
  return { name, value: { kind: 'reference', name: secret, key: secretKeyRef.key ?? secret } };
}

function toAtlan(settings: AtlanSettings): AtlanConfig | undefined {
  const { deployment_name: deployment, domain, client_id: clientId } = settings;
  const clientSecret = settings.client_secret ?? settings.client_secret_file;
  if (deployment === undefined || domain === undefined) return undefined;
  if (clientId === undefined || clientSecret === undefined) return undefined;
  const host = domain.toLowerCase();
  // For trying things out; anywhere else the secret must not be sent in the clear.
  const url = `${isLoopback(new URL(`http://${host}`).hostname) ? 'http' : 'https'}://${host}`;
  return {
    deployment,
    domain: host,
    url,
    tokenUrl: `${url}/auth/realms/default/protocol/openid-connect/token`,
    clientId,
    clientSecret,
  };
}

function toImages(settings: ContainerRegistrySettings, { map }: OwnSettings): ImagesConfig {
  const { base, username } = settings;
  const password = settings.password ?? settings.password_file;
  return {
    map: map === undefined ? undefined : toMapPlace(map),
    base: base?.replace(/\/+$/, ''),
    baseReplaces: canonicalPrefix(settings.base_replaces),
    credential:
      username === undefined || password === undefined
        ? undefined
        : { username, password, host: settings.host },
  };
}

function toSigners({ verify }: OwnSettings): OrchestratorConfig['verify'] {
  const { graceSeconds: _, ...signers } = toVerify({ ...verify, grace: '0' });
  return signers;
}

function toOwn(settings: OwnSettings, { deployment }: AtlanConfig): OwnConfig {
  return {
    socket: settings.socket,
    network: settings.network ?? `atlan-sdr-${deployment}`,
    dataFolder: settings.data_folder,
    dataFolderOnHost: settings.data_folder_on_host,
    appName: settings.app_name,
    autoUpdate: settings.auto_update,
    reconcileSeconds: parseDuration(settings.reconcile_interval),
  };
}

function toTemporal({ temporal }: OwnSettings, atlan: AtlanConfig): TemporalConfig {
  const { tls, auth } = temporal;
  const apiKey = temporal.api_key ?? temporal.api_key_file;
  return {
    address: temporal.address ?? `${atlan.domain.replace(/^[^.]+/, '$&-temporal')}:443`,
    namespace: temporal.namespace,
    taskQueue: temporal.task_queue ?? `atlan-sdr-${atlan.deployment}`,
    tls: tls === false ? undefined : toTls(tls === true ? {} : tls),
    auth: apiKey === undefined ? { kind: auth ?? 'oauth' } : { kind: 'api-key', apiKey },
  };
}

function toTls({ ca, server_name: serverName, cert, ...rest }: TlsSettings): TemporalConfig['tls'] {
  const key = rest.key ?? rest.key_file;
  return {
    ...(ca !== undefined && { ca }),
    ...(serverName !== undefined && { serverName }),
    ...(cert !== undefined && key !== undefined && { client: { cert, key } }),
  };
}

function toReleases({ releases }: OwnSettings, { url }: AtlanConfig): ReleasesConfig {
  if (releases.file !== undefined) return { kind: 'file', path: releases.file };
  return {
    kind: 'marketplace',
    url: releases.url ?? url,
    token: releases.token ?? releases.token_file,
  };
}
