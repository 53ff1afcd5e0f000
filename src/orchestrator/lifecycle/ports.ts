import type { Options } from '../../options.ts';
import type { Clock } from '../../registry/http/clock.ts';
import type { Credential } from '../../registry/credentials.ts';
import type { DigestReference } from '../../registry/reference.ts';
import type { ReleaseSource } from '../../releases/release-source.ts';
import type { ContainerLabels } from '../app-spec/labels.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { ContainerSpec } from '../engine/container-spec.ts';
import type { GatePolicy } from '../gate/limits.ts';
import type { Probe } from '../gate/probe.ts';

/** Everything the commands work with. */
export interface AppWorld {
  readonly deployment: string;
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  readonly probe: Probe;
  readonly images: ImageSource;
  readonly apps: AppContainers;
  readonly releases: ReleaseSource;
  /** The orchestrator's app name in the list of releases, which is no app to install. */
  readonly orchestratorName: string;
}

/** Leads an announced image to one that may run. */
export interface ImageSource {
  /**
   * Resolved through the map as it is now, and verified as the policy wants.
   *
   * @throws MapStoreError, RegistryError, SignatureError, ConfigError
   */
  admit(announced: string, options?: Options): Promise<RunnableImage>;
  /** As {@link ImageSource.admit}, for an image that is known by digest since it ran before. */
  admitDigest(announced: string, image: DigestReference, options?: Options): Promise<RunnableImage>;
}

/** An image that may run, and how it is fetched. */
export interface RunnableImage {
  readonly image: DigestReference;
  readonly credential: Credential;
  readonly mapRevision?: string;
  /** What the operator should know, such as a signature that was not asked for. */
  readonly warnings: readonly string[];
}

/** Makes the container of an app from the configuration as it is. */
export interface AppContainers {
  /** @throws ConfigError */
  make(wanted: WantedApp, options?: Options): Promise<AppContainer>;
  /** How its containers end and are judged, without making one. */
  policy(app: string): AppPolicy;
  /** Whether reconciling upgrades the app. */
  autoUpdate(app: string): boolean;
}

/** What the labels of an app's new container will say. */
export type WantedApp = Omit<ContainerLabels, 'deployment' | 'role' | 'specHash'>;

export interface AppPolicy {
  readonly swap: 'blue-green' | 'stop-first';
  readonly gate: GatePolicy;
  readonly stopGraceSeconds: number;
}

export interface AppContainer extends AppPolicy {
  /** Under the app's own name, with its labels. */
  readonly spec: ContainerSpec;
  /** Equal for containers that differ in nothing but the command that made them. */
  readonly specHash: string;
}
