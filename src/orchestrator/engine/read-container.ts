import type {
  Container,
  ContainerId,
  ContainerState,
  Health,
  Image,
  ImageId,
} from './container.ts';
import type {
  HealthCheck,
  NetworkAttachment,
  NetworkMode,
  RestartPolicy,
} from './container-spec.ts';
import type { Dialect } from './dialect.ts';
import type {
  InspectedContainer,
  InspectedHealthCheck,
  InspectedHostConfig,
  InspectedImage,
} from './inspect-json.ts';
import { readMounts } from './read-mounts.ts';

const NANOSECONDS = 1e6;
/** What the engine takes for a health check that leaves it open (moby daemon/health.go). */
const DEFAULT_CHECK = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 } as const;

/** Docker's words and those that Podman's own states shine through with. */
const STATES: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  configured: 'created',
  initialized: 'created',
  running: 'running',
  stopping: 'running',
  paused: 'paused',
  restarting: 'restarting',
  exited: 'exited',
  stopped: 'exited',
  removing: 'removing',
  dead: 'dead',
};

export function readContainer(inspected: InspectedContainer, dialect: Dialect): Container {
  const { State, NetworkSettings } = inspected;
  const state = STATES[State.Status] ?? 'dead';
  const healthCheck = readHealthCheck(inspected.Config.Healthcheck);
  const startedAt = readTime(State.StartedAt);
  const isRunning = state === 'running' || state === 'paused';
  return {
    id: inspected.Id as ContainerId,
    name: nameOf(inspected),
    imageId: withAlgorithm(inspected.Image),
    labels: inspected.Config.Labels,
    state,
    health:
      healthCheck === undefined || healthCheck === 'none'
        ? 'none'
        : readHealth(State.Health.Status),
    healthCheck: healthCheck === 'none' ? undefined : healthCheck,
    restartCount: inspected.RestartCount,
    restart: readRestart(inspected.HostConfig),
    exitCode: isRunning || startedAt === undefined ? undefined : State.ExitCode,
    outOfMemory: State.OOMKilled,
    createdAt: readTime(inspected.Created) ?? 0,
    startedAt,
    finishedAt: readTime(State.FinishedAt),
    network: readNetwork(inspected, dialect),
    addresses: Object.entries(NetworkSettings.Networks)
      .filter(([, { IPAddress }]) => IPAddress !== '')
      .map(([network, { IPAddress }]) => ({ network, ip: IPAddress })),
    mounts: readMounts(inspected, dialect),
  };
}

export function readImage({ Id, RepoDigests, Architecture, Size, Config }: InspectedImage): Image {
  return {
    id: withAlgorithm(Id),
    repositoryDigests: RepoDigests,
    architecture: Architecture,
    sizeBytes: Size,
    labels: Config.Labels,
  };
}

export function nameOf({ Name }: InspectedContainer): string {
  return Name.replace(/^\//, '');
}

/** Podman leaves the algorithm out in places. */
function withAlgorithm(id: string): ImageId {
  return (id.startsWith('sha256:') ? id : `sha256:${id}`) as ImageId;
}

function readHealth(status: string): Health {
  // Podman says nothing before the first check.
  return status === 'healthy' || status === 'unhealthy' ? status : 'starting';
}

/** `undefined`: there is none; `none`: the image's is switched off. */
export function readHealthCheck(
  check: InspectedHealthCheck | undefined,
): HealthCheck | 'none' | undefined {
  if (check === undefined || check.Test.length === 0) return undefined;
  if (check.Test[0] === 'NONE') return 'none';
  return {
    test: check.Test,
    intervalMs: check.Interval / NANOSECONDS || DEFAULT_CHECK.intervalMs,
    timeoutMs: check.Timeout / NANOSECONDS || DEFAULT_CHECK.timeoutMs,
    startPeriodMs: check.StartPeriod / NANOSECONDS,
    retries: check.Retries || DEFAULT_CHECK.retries,
  };
}

export function readRestart({ RestartPolicy: policy }: InspectedHostConfig): RestartPolicy {
  switch (policy.Name) {
    case 'always':
    case 'unless-stopped':
      return policy.Name;
    case 'on-failure':
      return { onFailure: { maximumRetries: policy.MaximumRetryCount } };
    default:
      return 'no';
  }
}

export function readNetwork(inspected: InspectedContainer, dialect: Dialect): NetworkMode {
  const { NetworkMode: mode } = inspected.HostConfig;
  if (mode === 'host' || mode === 'none') return mode;
  const networks = Object.entries(inspected.NetworkSettings.Networks);
  if (networks.every(([name]) => dialect.defaultNetworks.has(name))) return 'default';
  const own = ownNames(inspected);
  return networks.map(([name, { Aliases }]): NetworkAttachment => ({
    name,
    aliases: [...new Set(Aliases)].filter((alias) => !own.has(alias)),
  }));
}

/** Names that engines add to the aliases: the short id, the host name, and later the name. */
export function ownNames(inspected: InspectedContainer): ReadonlySet<string> {
  return new Set([inspected.Id.slice(0, 12), inspected.Config.Hostname, nameOf(inspected)]);
}

/** Engines write the year 1 for never. */
function readTime(time: string): number | undefined {
  const at = Date.parse(time);
  return Number.isNaN(at) || at <= 0 ? undefined : at;
}
