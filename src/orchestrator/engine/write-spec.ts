import { formatReference } from '../../registry/reference.ts';
import { Secret } from '../../secret.ts';
import type {
  ContainerSpec,
  HealthCheck,
  Mount,
  NetworkAttachment,
  PublishedPort,
  TmpfsMount,
} from './container-spec.ts';
import type { Dialect } from './dialect.ts';
import { DEFAULT_STOP_SECONDS } from './read-spec.ts';
import { unreadableLabel } from './unreadable-label.ts';

const NANOSECONDS = 1e6;

/** The named networks a container is to be in. */
export function attachmentsOf({ network }: ContainerSpec): readonly NetworkAttachment[] {
  return typeof network === 'string' ? [] : network;
}

/** The body of the request that creates a container, in the words of the Docker Engine API. */
export function createBody(spec: ContainerSpec, dialect: Dialect): unknown {
  const all = attachmentsOf(spec);
  // Where a container is created in one network, the others come afterwards.
  const networks = dialect.createsInSeveralNetworks ? all : all.slice(0, 1);
  const endpoints = networks.map(({ name, aliases }) => [name, { Aliases: aliases }] as const);
  return {
    Image: formatReference(spec.image),
    Entrypoint: spec.entrypoint,
    Cmd: spec.command,
    WorkingDir: spec.workingDirectory,
    Hostname: spec.hostname,
    Env: Object.entries(spec.environment).map(
      ([name, value]) => `${name}=${value instanceof Secret ? value.reveal() : value}`,
    ),
    Labels: { ...spec.labels, ...unreadableLabel(spec, dialect) },
    User: spec.user,
    StopSignal: spec.stopSignal,
    // Left out, Podman's compatible API takes it for 0, which is a kill.
    StopTimeout: spec.stopTimeoutSeconds ?? DEFAULT_STOP_SECONDS,
    Healthcheck: spec.healthCheck === undefined ? undefined : healthCheck(spec.healthCheck),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [portName(port), {}])),
    HostConfig: hostConfig(spec, dialect),
    NetworkingConfig:
      endpoints.length === 0 ? undefined : { EndpointsConfig: Object.fromEntries(endpoints) },
  };
}

function hostConfig(spec: ContainerSpec, dialect: Dialect): unknown {
  const { resources, restart } = spec;
  const [first] = attachmentsOf(spec);
  return {
    Mounts: spec.mounts.filter((mount) => !isRelabelled(mount)).flatMap(mountObject),
    // A mount object cannot ask for relabelling.
    Binds: spec.mounts.filter(isRelabelled).map(bindText),
    Tmpfs: Object.fromEntries(
      spec.mounts
        .filter((mount) => mount.kind === 'tmpfs')
        .map((mount) => [mount.target, tmpfsOptions(mount)]),
    ),
    NetworkMode: typeof spec.network === 'string' ? spec.network : (first?.name ?? 'none'),
    RestartPolicy:
      typeof restart === 'string'
        ? { Name: dialect.restartPolicyName(restart) }
        : { Name: 'on-failure', MaximumRetryCount: restart.onFailure.maximumRetries },
    GroupAdd: spec.groups,
    CapAdd: spec.capabilities.add,
    CapDrop: spec.capabilities.drop,
    SecurityOpt: spec.securityOptions,
    UsernsMode: spec.userNamespace,
    ReadonlyRootfs: spec.readOnlyRoot,
    NanoCpus: resources.cpus === undefined ? undefined : Math.round(resources.cpus * 1e9),
    Memory: resources.memoryBytes,
    PidsLimit: resources.pids,
    PortBindings: portBindings(spec.ports),
    ExtraHosts: Object.entries(spec.extraHosts).map(([host, address]) => `${host}:${address}`),
    Dns: spec.dns,
    Init: spec.init,
    Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    LogConfig:
      spec.logLimits === undefined
        ? undefined
        : {
            Type: 'json-file',
            Config: {
              'max-size': String(spec.logLimits.maxBytes),
              'max-file': String(spec.logLimits.files),
            },
          },
  };
}

function isRelabelled(mount: Mount): boolean {
  return mount.kind === 'bind' && mount.relabel !== undefined;
}

function mountObject(mount: Mount): readonly unknown[] {
  if (mount.kind === 'tmpfs') return [];
  return [
    {
      Type: mount.kind,
      Source: mount.kind === 'bind' ? mount.source : mount.name,
      Target: mount.target,
      ReadOnly: mount.readOnly,
    },
  ];
}

function bindText(mount: Mount): string {
  if (mount.kind !== 'bind') return '';
  const { source, target, readOnly, relabel } = mount;
  return `${source}:${target}:${[readOnly ? 'ro' : 'rw', relabel].join(',')}`;
}

function tmpfsOptions({ sizeBytes, mode }: TmpfsMount): string {
  return [
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ].join(',');
}

function portName({ containerPort, protocol }: PublishedPort): string {
  return `${containerPort}/${protocol}`;
}

function portBindings(ports: readonly PublishedPort[]): unknown {
  const bindings = Map.groupBy(ports, portName);
  return Object.fromEntries(
    Array.from(bindings, ([name, group]) => [
      name,
      group.map(({ hostAddress = '', hostPort }) => ({
        HostIp: hostAddress,
        HostPort: hostPort === undefined ? '' : String(hostPort),
      })),
    ]),
  );
}

function healthCheck(check: HealthCheck | 'none'): unknown {
  if (check === 'none') return { Test: ['NONE'] };
  return {
    Test: check.test,
    Interval: check.intervalMs * NANOSECONDS,
    Timeout: check.timeoutMs * NANOSECONDS,
    StartPeriod: check.startPeriodMs * NANOSECONDS,
    Retries: check.retries,
  };
}
