import type { DigestReference } from '../../registry/reference.ts';
import type { Secret } from '../../secret.ts';

/** Everything a container is created with. What is left out comes from the image or the engine. */
export interface ContainerSpec {
  readonly name: string;
  /** Must have been pulled. */
  readonly image: DigestReference;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  readonly hostname?: string;
  /** Added to the image's own. */
  readonly environment: Readonly<Record<string, string | Secret>>;
  /** Added to the image's own. */
  readonly labels: Readonly<Record<string, string>>;
  /** `uid`, `uid:gid`, or names known inside the image. */
  readonly user?: string;
  /** Further groups of the process: numbers, or names known inside the image. */
  readonly groups?: readonly string[];
  readonly mounts: readonly Mount[];
  readonly readOnlyRoot: boolean;
  readonly capabilities: Capabilities;
  /** For example `no-new-privileges`, `label=disable`. */
  readonly securityOptions: readonly string[];
  /** User namespace, for example Podman's `keep-id:uid=10001,gid=10001`. */
  readonly userNamespace?: string;
  readonly resources: Resources;
  readonly restart: RestartPolicy;
  /** What ends the process politely; the image's own or SIGTERM if left out. */
  readonly stopSignal?: string;
  /** How long the engine waits after it when whoever stops the container says nothing, in seconds. */
  readonly stopTimeoutSeconds?: number;
  readonly network: NetworkMode;
  /** Ports of the host that lead to the container. */
  readonly ports: readonly PublishedPort[];
  /** Host name → address, added to /etc/hosts. An address may be `host-gateway`. */
  readonly extraHosts: Readonly<Record<string, string>>;
  readonly dns?: readonly string[];
  /** Bounds what the container's log takes of the disk. */
  readonly logLimits?: LogLimits;
  /** In place of the image's own; `none` switches that off. */
  readonly healthCheck?: HealthCheck | 'none';
  /** Whether the engine puts an init process in front, which reaps orphans. */
  readonly init?: boolean;
  /** In place of the engine's own. */
  readonly ulimits?: readonly Ulimit[];
}

/** For example `nofile`; see setrlimit(2). */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export type Mount = BindMount | VolumeMount | TmpfsMount;

/** A file or folder of the host. Where it is missing Docker refuses; Podman makes a folder. */
export interface BindMount {
  readonly kind: 'bind';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** SELinux relabelling for one container (`Z`) or several (`z`); nothing where SELinux is off. */
  readonly relabel?: 'z' | 'Z';
}

/** A named volume, created with the container if it is not there. */
export interface VolumeMount {
  readonly kind: 'volume';
  readonly name: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** Memory that looks like a folder. */
export interface TmpfsMount {
  readonly kind: 'tmpfs';
  readonly target: string;
  readonly sizeBytes?: number;
  /** Octal, for example `1777`, which is also the default. */
  readonly mode?: string;
}

/** Linux capabilities, without `CAP_`; `ALL` names every one. */
export interface Capabilities {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

/** Upper bounds; what is left out is not bounded. */
export interface Resources {
  /** CPUs' worth of time, for example 1.5. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** Processes and threads. */
  readonly pids?: number;
}

/**
 * When the engine starts the container again by itself. `unless-stopped` is the one to use: after
 * every end but a wanted one, and after a reboot.
 */
export type RestartPolicy =
  | 'no'
  | 'unless-stopped'
  | 'always'
  | { readonly onFailure: { readonly maximumRetries: number } };

/** `default` is the engine's bridge, which has no names; a list attaches to networks with names. */
export type NetworkMode = 'default' | 'host' | 'none' | readonly NetworkAttachment[];

/** One named network a container is in. */
export interface NetworkAttachment {
  readonly name: string;
  /** Names by which others in that network find it, besides its own. */
  readonly aliases: readonly string[];
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
  /** All addresses if left out. */
  readonly hostAddress?: string;
  /** Chosen by the engine if left out. */
  readonly hostPort?: number;
}

export interface LogLimits {
  readonly maxBytes: number;
  /** How many files of that size are kept. Podman keeps one. */
  readonly files: number;
}

/** A command the engine runs inside the container; exit code 0 is healthy. */
export interface HealthCheck {
  /** `['CMD', program, …]` or `['CMD-SHELL', line]`. */
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in this time after the start do not count. */
  readonly startPeriodMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
}
