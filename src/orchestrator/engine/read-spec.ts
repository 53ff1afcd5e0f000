import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../../errors.ts';
import type { DigestReference } from '../../registry/reference.ts';
import { Secret } from '../../secret.ts';
import type { ContainerSpec, PublishedPort, Resources } from './container-spec.ts';
import type { Dialect } from './dialect.ts';
import type {
  InspectedConfig,
  InspectedContainer,
  InspectedHealthCheck,
  InspectedHostConfig,
} from './inspect-json.ts';
import { nameOf, readHealthCheck, readNetwork, readRestart } from './read-container.ts';
import { readMounts } from './read-mounts.ts';
import { takeUnreadable } from './unreadable-label.ts';
import { unsupportedSettings } from './unsupported-settings.ts';

/** What engines wait for after a stop signal, in seconds, when nobody says otherwise. */
export const DEFAULT_STOP_SECONDS: number = 10;

export interface ImageDefaults {
  readonly reference: DigestReference;
  readonly config: InspectedConfig;
  readonly healthCheck: InspectedHealthCheck | undefined;
}

/**
 * What a container was created with, without what its image gave.
 *
 * @throws EngineError `ENGINE_REFUSED` naming the settings that would be lost
 */
export function readSpec(
  inspected: InspectedContainer,
  image: ImageDefaults,
  dialect: Dialect,
): ContainerSpec {
  const { Config, HostConfig } = inspected;
  const { settings, labels } = takeUnreadable(Config.Labels);
  const told = dialect.userNamespace(inspected);
  const userNamespace = settings.userNamespace ?? told?.named;
  refuseLosses(inspected, told !== undefined && userNamespace === undefined);
  const logLimits = settings.logLimits ?? readLogLimits(HostConfig);
  const { config } = image;
  const network = readNetwork(inspected, dialect);
  return {
    name: nameOf(inspected),
    image: image.reference,
    ...readCommand(Config, config),
    ...(differs(Config.WorkingDir, config.WorkingDir, '/')
      ? { workingDirectory: Config.WorkingDir }
      : {}),
    ...(hasOwnHostname(inspected) ? { hostname: Config.Hostname } : {}),
    environment: readEnvironment(Config, config, dialect),
    labels: without(labels, config.Labels),
    ...(differs(Config.User, config.User, '') ? { user: Config.User } : {}),
    ...(HostConfig.GroupAdd.length === 0 ? {} : { groups: HostConfig.GroupAdd }),
    mounts: readMounts(inspected, dialect),
    readOnlyRoot: HostConfig.ReadonlyRootfs,
    capabilities: {
      add: HostConfig.CapAdd.map(withoutPrefix),
      drop: HostConfig.CapDrop.map(withoutPrefix),
    },
    securityOptions: HostConfig.SecurityOpt,
    ...(userNamespace === undefined ? {} : { userNamespace }),
    resources: readResources(HostConfig),
    restart: readRestart(HostConfig),
    ...readStop(Config, config),
    network,
    ports: readPorts(HostConfig),
    extraHosts: Object.fromEntries(HostConfig.ExtraHosts.map(readExtraHost)),
    ...(HostConfig.Dns.length === 0 ? {} : { dns: HostConfig.Dns }),
    ...(logLimits === undefined ? {} : { logLimits }),
    ...readOwnHealthCheck(Config, image.healthCheck),
    ...(HostConfig.Init ? { init: true } : {}),
    ...(settings.ulimits === undefined ? readUlimits(HostConfig) : { ulimits: settings.ulimits }),
  };
}

function refuseLosses(inspected: InspectedContainer, losesUserNamespace: boolean): void {
  const lost = [
    ...unsupportedSettings(inspected),
    ...(losesUserNamespace
      ? ['UsernsMode (the engine does not tell what was given as --userns)']
      : []),
  ];
  if (lost.length === 0) return;
  throw new EngineError(
    'ENGINE_REFUSED',
    `container ${nameOf(inspected)} has settings that a copy of it would lose: ${lost.join(', ')}. Create it without them, or replace it by hand.`,
  );
}

/** An entry point that is replaced switches the image's command off as well. */
function readCommand(
  own: InspectedConfig,
  image: InspectedConfig,
): Pick<ContainerSpec, 'entrypoint' | 'command'> {
  const isSameEntrypoint = isDeepStrictEqual(own.Entrypoint, image.Entrypoint);
  const isSameCommand = isDeepStrictEqual(own.Cmd, image.Cmd);
  return {
    ...(isSameEntrypoint ? {} : { entrypoint: own.Entrypoint }),
    ...(isSameCommand || own.Cmd.length === 0 ? {} : { command: own.Cmd }),
    ...(!isSameEntrypoint && isSameCommand && own.Cmd.length > 0 ? { command: own.Cmd } : {}),
  };
}

function readEnvironment(
  own: InspectedConfig,
  image: InspectedConfig,
  dialect: Dialect,
): ContainerSpec['environment'] {
  const fromImage = new Set(image.Env);
  return Object.fromEntries(
    own.Env.filter((variable) => !fromImage.has(variable) && !dialect.isOwnVariable(variable)).map(
      (variable) => {
        const equals = variable.indexOf('=');
        // Any of them may be a password.
        return [variable.slice(0, equals), new Secret(variable.slice(equals + 1))];
      },
    ),
  );
}

function readResources(host: InspectedHostConfig): Resources {
  const cpus =
    host.NanoCpus > 0 ? host.NanoCpus / 1e9 : host.CpuQuota / (host.CpuPeriod || 100_000);
  return {
    ...(cpus > 0 ? { cpus } : {}),
    ...(host.Memory > 0 ? { memoryBytes: host.Memory } : {}),
    ...(host.PidsLimit > 0 ? { pids: host.PidsLimit } : {}),
  };
}

function readStop(
  own: InspectedConfig,
  image: InspectedConfig,
): Pick<ContainerSpec, 'stopSignal' | 'stopTimeoutSeconds'> {
  const isSameSignal = signalNumber(own.StopSignal) === signalNumber(image.StopSignal);
  const { StopTimeout: seconds = DEFAULT_STOP_SECONDS } = own;
  return {
    ...(isSameSignal ? {} : { stopSignal: signalName(own.StopSignal) }),
    ...(seconds === DEFAULT_STOP_SECONDS ? {} : { stopTimeoutSeconds: seconds }),
  };
}

function signalName(signal: string): string {
  const number = signalNumber(signal);
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? signal;
}

/** Podman tells signals by number. */
function signalNumber(signal: string): number {
  const name = `SIG${signal.toUpperCase().replace(/^SIG/, '')}`;
  if (signal === '') return constants.signals.SIGTERM;
  return (constants.signals as Readonly<Record<string, number>>)[name] ?? Number(signal);
}

function readPorts({ PortBindings }: InspectedHostConfig): readonly PublishedPort[] {
  return Object.entries(PortBindings).flatMap(([port, bindings]) => {
    const [containerPort, protocol] = port.split('/');
    return bindings.map(({ HostIp, HostPort }): PublishedPort => ({
      containerPort: Number(containerPort),
      protocol: protocol === 'udp' ? 'udp' : 'tcp',
      ...(HostIp === '' || HostIp === '0.0.0.0' ? {} : { hostAddress: HostIp }),
      ...(Number(HostPort) > 0 ? { hostPort: Number(HostPort) } : {}),
    }));
  });
}

function readExtraHost(line: string): readonly [host: string, address: string] {
  const at = line.search(/[:=]/);
  return [line.slice(0, at), line.slice(at + 1)];
}

function readLogLimits({ LogConfig }: InspectedHostConfig): ContainerSpec['logLimits'] {
  const maxBytes = bytesOf(LogConfig.Config['max-size']);
  const files = Number(LogConfig.Config['max-file'] ?? 1);
  return maxBytes === undefined ? undefined : { maxBytes, files };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function bytesOf(size: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+)\s*([kmg]?)b?$/i.exec(size ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}

function readOwnHealthCheck(
  { Healthcheck }: InspectedConfig,
  ofImage: InspectedHealthCheck | undefined,
): Pick<ContainerSpec, 'healthCheck'> {
  const own = readHealthCheck(Healthcheck);
  if (own === undefined || isDeepStrictEqual(own, readHealthCheck(ofImage))) return {};
  return { healthCheck: own };
}

function readUlimits({ Ulimits }: InspectedHostConfig): Pick<ContainerSpec, 'ulimits'> {
  if (Ulimits.length === 0) return {};
  return {
    ulimits: Ulimits.map(({ Name, Soft, Hard }) => ({
      name: Name.replace(/^RLIMIT_/, '').toLowerCase(),
      soft: Soft,
      hard: Hard,
    })),
  };
}

function hasOwnHostname({ Id, Config, HostConfig }: InspectedContainer): boolean {
  if (HostConfig.NetworkMode === 'host') return false;
  return Config.Hostname !== '' && Config.Hostname !== Id.slice(0, 12);
}

function differs(own: string, ofImage: string, fallback: string): boolean {
  return own !== '' && own !== (ofImage || fallback);
}

function without(
  labels: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key, value]) => others[key] !== value));
}

function withoutPrefix(capability: string): string {
  return capability.replace(/^CAP_/, '');
}
