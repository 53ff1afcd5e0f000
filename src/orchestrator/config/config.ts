import type { HostSettingsByHost } from '../../registry/hosts.ts';
import type { Secret } from '../../secret.ts';
import type { MapPlaceConfig, VerifyConfig } from '../../settings/shared-config.ts';
import type { Mount, PublishedPort, Resources } from '../engine/container-spec.ts';

/** Everything the operator of an orchestrator decides: complete, checked, defaults filled in. */
export interface OrchestratorConfig {
  readonly atlan: AtlanConfig;
  /** Dapr components for the apps, in the order of the file. */
  readonly components: readonly Component[];
  readonly images: ImagesConfig;
  readonly registries: HostSettingsByHost;
  readonly verify: OrchestratorVerifyConfig;
  readonly apps: AppsConfig;
  readonly orchestrator: OwnConfig;
  readonly temporal: TemporalConfig;
  readonly controlPlane: ControlPlaneConfig;
  readonly releases: ReleasesConfig;
}

/** The tenant, and who the deployment is there. */
export interface AtlanConfig {
  /** `prod`; part of queue and container names. */
  readonly deployment: string;
  /** `acme.atlan.com` */
  readonly domain: string;
  /** `https://acme.atlan.com` */
  readonly url: string;
  /** Where an access token is had for the pair. */
  readonly tokenUrl: string;
  /** Shared by all apps of the deployment. */
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** A Dapr component as the apps get it: values expanded, references to secrets left as they are. */
export interface Component {
  /** `objectstore` */
  readonly name: string;
  /** `bindings.aws.s3` */
  readonly type: string;
  readonly version: string;
  readonly metadata: readonly ComponentItem[];
  /** The component that `secretKeyRef`s lead to. */
  readonly secretStore: string | undefined;
  /** Further keys of the body, such as `ignoreErrors` and `initTimeout`. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One setting of a component. */
export interface ComponentItem {
  readonly name: string;
  readonly value:
    /** Written in the file; any of them may be a secret. */
    | { readonly kind: 'value'; readonly value: Secret }
    | { readonly kind: 'reference'; readonly name: string; readonly key: string }
    | { readonly kind: 'environment'; readonly variable: string };
}

/** Where images come from instead of where they are announced. */
export interface ImagesConfig {
  /** Where the map lies; `undefined`: no map is used. */
  readonly map: MapPlaceConfig | undefined;
  /** `registry.mycompany.com/atlan`; not looked at where there is a map. */
  readonly base: string | undefined;
  /** The beginning of a canonical name that `base` replaces: `docker.io/atlanhq`. */
  readonly baseReplaces: string;
  readonly credential: RegistryCredential | undefined;
}

/** `container_registry`'s user and password. */
export interface RegistryCredential {
  readonly username: string;
  readonly password: Secret;
  /** The only host they go to; `undefined`: the host that the map or `base` leads to. */
  readonly host: string | undefined;
}

/** Whose signature an image must bear before it runs. */
export type OrchestratorVerifyConfig = Omit<VerifyConfig, 'graceSeconds'>;

export interface AppsConfig {
  /** Of apps that have no settings of their own. */
  readonly defaults: AppConfig;
  /** By app, complete. */
  readonly byName: Readonly<Record<string, AppConfig>>;
}

/** How an app's container is made and swapped. */
export interface AppConfig {
  /** Whether reconciling upgrades it to the latest release. */
  readonly autoUpdate: boolean;
  readonly swap: 'blue-green' | 'stop-first';
  /** How long it may take to end by itself. */
  readonly stopGraceSeconds: number;
  readonly gate: GateConfig;
  readonly resources: Resources;
  /** Added to what every app gets, and stronger. */
  readonly environment: Readonly<Record<string, Secret>>;
  readonly mounts: readonly Mount[];
  readonly ports: readonly PublishedPort[];
  readonly extraHosts: Readonly<Record<string, string>>;
  readonly dns: readonly string[];
  /** Whether all but `/tmp` and `/app/local` is read-only, and these are kept in memory. */
  readonly readOnlyRoot: boolean;
  readonly logLimits: { readonly maxBytes: number; readonly files: number };
}

/** What a new version must show before it serves. */
export interface GateConfig {
  /** Asked over the container network where the image has no health check; `undefined`: not asked. */
  readonly probe: { readonly port: number; readonly path: string } | undefined;
  /** How long it must stay good. */
  readonly settleSeconds: number;
  /** How long it may take to become good; `undefined`: by the image's health check. */
  readonly timeoutSeconds: number | undefined;
}

/** The orchestrator itself. */
export interface OwnConfig {
  /** The engine's socket, an absolute path; `undefined`: the first of the usual ones. */
  readonly socket: string | undefined;
  /** The network the apps are in. */
  readonly network: string;
  /** Where files for apps and the heartbeat are kept; absolute. */
  readonly dataFolder: string;
  /** The same folder as the host calls it; `undefined`: the same path, or found by the mounts. */
  readonly dataFolderOnHost: string | undefined;
  /** The `app_name` under which releases announce this orchestrator. */
  readonly appName: string;
  /** Whether reconciling upgrades the orchestrator. */
  readonly autoUpdate: boolean;
  /** Between two reconciliations. */
  readonly reconcileSeconds: number;
}

export interface TemporalConfig {
  /** `acme-temporal.atlan.com:443` */
  readonly address: string;
  readonly namespace: string;
  /** `atlan-sdr-prod` */
  readonly taskQueue: string;
  readonly tls: TemporalTls | undefined;
  readonly auth:
    /** The access token of the deployment's OAuth pair, refreshed. */
    | { readonly kind: 'oauth' }
    | { readonly kind: 'api-key'; readonly apiKey: Secret }
    | { readonly kind: 'none' };
}

export interface TemporalTls {
  /** PEM of the authorities to trust instead of the usual ones. */
  readonly ca?: string;
  /** Name in the server's certificate, where it is not the host. */
  readonly serverName?: string;
  /** Client certificate and key in PEM. */
  readonly client?: { readonly cert: string; readonly key: Secret };
}

export interface ControlPlaneConfig {
  /** Where results are reported; `undefined`: nowhere. */
  readonly callbackUrl: string | undefined;
}

/** Where the latest releases are announced. */
export type ReleasesConfig =
  | {
      readonly kind: 'marketplace';
      readonly url: string;
      /** An API token; `undefined`: the access token of the OAuth pair. */
      readonly token: Secret | undefined;
    }
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
    };
