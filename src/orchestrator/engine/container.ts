import type { HealthCheck, Mount, NetworkMode, RestartPolicy } from './container-spec.ts';

declare const containerIdBrand: unique symbol;
declare const imageIdBrand: unique symbol;

/** 64 hex digits; stays the same through every rename. */
export type ContainerId = string & { readonly [containerIdBrand]: true };

/** `sha256:` and 64 hex digits: the digest of the image's configuration, not of its manifest. */
export type ImageId = string & { readonly [imageIdBrand]: true };

export interface EngineInfo {
  readonly kind: 'docker' | 'podman';
  /** The engine's own, for example `20.10.24` or `4.3.1`. */
  readonly version: string;
  /** The version of the API that is spoken with it. */
  readonly apiVersion: string;
  /** Whether the engine runs without root. */
  readonly rootless: boolean;
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string;
}

export interface Image {
  readonly id: ImageId;
  /** `repository@sha256:…`, one for each repository it was pulled from. */
  readonly repositoryDigests: readonly string[];
  readonly architecture: string;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * `restarting` is the pause between an end and the restart the engine will make. `exited` is one
 * that ended or was stopped.
 */
export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'exited'
  | 'removing'
  | 'dead';

/** `none`: it has no health check. */
export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** What the engine says about a container at this moment. */
export interface Container {
  readonly id: ContainerId;
  readonly name: string;
  readonly imageId: ImageId;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly health: Health;
  /** What it is judged by: its own, or its image's. */
  readonly healthCheck: HealthCheck | undefined;
  /** How often the engine has started it again by itself. */
  readonly restartCount: number;
  readonly restart: RestartPolicy;
  /** Of the last end; `undefined` while it runs and before it ever has. */
  readonly exitCode: number | undefined;
  /** The kernel ended it for want of memory. */
  readonly outOfMemory: boolean;
  /** Milliseconds since 1970 of creation, last start and last end. */
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly network: NetworkMode;
  /** Where it is reached while it runs, one for each named network. */
  readonly addresses: readonly NetworkAddress[];
  readonly mounts: readonly Mount[];
}

export interface NetworkAddress {
  readonly network: string;
  readonly ip: string;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Without its line end; a very long line is cut. */
  readonly text: string;
}

/**
 * `gap`: the stream was interrupted, so that events may have been missed: look at everything.
 * `ended` comes after every end, wanted or not.
 */
export type ContainerEvent =
  | {
      readonly kind: 'started' | 'renamed' | 'removed';
      readonly id: ContainerId;
      readonly name: string;
      readonly at: number;
    }
  | {
      readonly kind: 'ended';
      readonly id: ContainerId;
      readonly name: string;
      readonly at: number;
      readonly exitCode: number | undefined;
    }
  | { readonly kind: 'gap' };
