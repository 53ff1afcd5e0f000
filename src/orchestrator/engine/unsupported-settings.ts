import type { InspectedContainer } from './inspect-json.ts';

const empty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    empty(value) || values.includes(value);

/**
 * Settings of a container that ContainerSpec has no words for, with what they are when nobody set
 * them. What an engine computes by itself, or what follows from a setting that is carried, is not
 * among them.
 */
const DEFAULTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  AutoRemove: empty,
  Privileged: empty,
  Devices: empty,
  DeviceRequests: empty,
  DeviceCgroupRules: empty,
  VolumesFrom: empty,
  VolumeDriver: empty,
  Links: empty,
  PublishAllPorts: empty,
  PidMode: oneOf('private'),
  UTSMode: oneOf('private'),
  IpcMode: oneOf('private', 'shareable'),
  CgroupParent: empty,
  Isolation: empty,
  // Podman calls its runtime "oci".
  Runtime: oneOf('runc', 'crun', 'oci', 'io.containerd.runc.v2'),
  Sysctls: empty,
  StorageOpt: empty,
  // 64 MB; Podman counts them decimally.
  ShmSize: oneOf(67_108_864, 65_536_000),
  OomScoreAdj: empty,
  OomKillDisable: empty,
  CpuShares: empty,
  CpusetCpus: empty,
  CpusetMems: empty,
  CpuRealtimePeriod: empty,
  CpuRealtimeRuntime: empty,
  BlkioWeight: empty,
  BlkioWeightDevice: empty,
  BlkioDeviceReadBps: empty,
  BlkioDeviceWriteBps: empty,
  BlkioDeviceReadIOps: empty,
  BlkioDeviceWriteIOps: empty,
  KernelMemory: empty,
  MemoryReservation: empty,
  MemorySwappiness: oneOf(-1),
  DnsSearch: empty,
  DnsOptions: empty,
};

/** What engines add to a tmpfs by themselves. */
const TMPFS_OPTION = /^(?:rw|rprivate|nosuid|nodev|noexec|tmpcopyup|relatime|size=.*|mode=.*)?$/;

/** The settings somebody gave a container that a copy by ContainerSpec would lose. */
export function unsupportedSettings(inspected: InspectedContainer): readonly string[] {
  const { HostConfig, Config } = inspected;
  const settings = Object.entries(DEFAULTS)
    .filter(([name, isDefault]) => !isDefault(HostConfig[name]))
    .map(([name]) => name);
  const tmpfs = Object.entries(HostConfig.Tmpfs).flatMap(([target, options]) =>
    options
      .split(',')
      .filter((option) => !TMPFS_OPTION.test(option))
      .map((option) => `Tmpfs ${target}: ${option}`),
  );
  const mode = HostConfig.NetworkMode;
  return [
    ...settings,
    ...tmpfs,
    ...(swapIsDefault(HostConfig) ? [] : ['MemorySwap']),
    ...(mode.startsWith('container:') || mode.startsWith('ns:') ? [`NetworkMode ${mode}`] : []),
    ...(Config.Tty ? ['Tty'] : []),
  ];
}

/** Engines allow as much swap as memory, or none where they cannot count it. */
function swapIsDefault({ Memory, MemorySwap }: InspectedContainer['HostConfig']): boolean {
  return oneOf(-1, 2 * Memory)(MemorySwap);
}
