import { execa } from 'execa';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './binaries.ts';
import {
  killQuietly,
  makeStorage,
  processesNaming,
  removeTraces,
  type EngineServer,
  type EngineServerOptions,
} from './engine-server.ts';
import { ping, removeEverything } from './engine-requests.ts';
import { startProcess, temporaryFolder, type ServerProcess } from './server-process.ts';

/** Whom rootless Podman runs as; the install script makes it. */
export const ROOTLESS_USER = 'sdr-rootless';

/**
 * Starts a Podman service of its own files, as root, on a machine without systemd.
 *
 * What it needs there: `cgroupfs` in place of systemd's cgroups; events in a file in place of the
 * journal; runc, since crun insists on the unified hierarchy where a machine has both; limits that
 * it may set, since Podman raises its own to values that take CAP_SYS_RESOURCE.
 */
export async function startPodman(options: EngineServerOptions = {}): Promise<PodmanServer> {
  return startService([], {}, options);
}

/**
 * slirp4netns needs /dev/net/tun, which everybody may use on a usual machine and root alone on a
 * minimal one: in a mount namespace of the service it is made anew.
 */
const OPEN_TUN =
  'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && mount --make-rshared /';

/** A Podman whose own command line can be used beside its service. */
export interface PodmanServer extends EngineServer {
  /** Its storage, its socket and its settings are here; the user it runs as owns it. */
  readonly folder: string;
  /** Runs a program as the user of the service, where `podman` is this one. */
  readonly asOwner: (
    command: readonly [file: string, ...args: string[]],
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      /** A file to read from. */
      readonly inputFile?: string;
    },
  ) => Promise<string>;
}

/** Starts a Podman service that runs, with all its containers, as a user without rights. */
export async function startRootlessPodman(): Promise<PodmanServer> {
  const [user, group] = await Promise.all([idOfRootless('-u'), idOfRootless('-g')]);
  const setpriv = `exec setpriv --reuid=${user} --regid=${group} --clear-groups "$@"`;
  return startService(['unshare', '--mount', 'sh', '-c', `${OPEN_TUN} && ${setpriv}`, 'sh'], {
    user,
    group,
  });
}

async function idOfRootless(kind: '-u' | '-g'): Promise<string> {
  return (await execa('id', [kind, ROOTLESS_USER])).stdout;
}

async function startService(
  launcher: readonly [] | readonly [string, ...string[]],
  owner: { readonly user?: string; readonly group?: string },
  options: EngineServerOptions = {},
): Promise<PodmanServer> {
  await announceBridges();
  const { path: folder, remove } = await temporaryFolder('podman');
  const socketPath = join(folder, 'podman.sock');
  await makeStorage(join(folder, 'root'), options);
  const { containers, registries } = await writeConfiguration(folder, options);
  if (owner.user !== undefined)
    await execa('chown', ['-R', `${owner.user}:${owner.group}`, folder]);
  const podman = [
    binary('podman'),
    `--root=${join(folder, 'root')}`,
    `--runroot=${join(folder, 'run')}`,
    `--tmpdir=${join(folder, 'tmp')}`,
  ];
  const environment = {
    CONTAINERS_CONF: containers,
    CONTAINERS_REGISTRIES_CONF: registries,
    ...(owner.user === undefined ? {} : { HOME: folder, XDG_RUNTIME_DIR: folder }),
  };
  const [file = '', ...args] = [...launcher, ...podman];
  const service = [...args, 'system', 'service', '--time=0', `unix://${socketPath}`];
  const start = async (): Promise<ServerProcess> =>
    startProcess(
      [file, ...service],
      folder,
      async () => ((await ping(socketPath)) ? true : undefined),
      environment,
    );
  let server = await start();
  // Rootless, the service runs in a child of what was started, which would keep its output open.
  const kill = async (): Promise<void> => {
    const killed = server.kill();
    for (const pid of await processesNaming(`--root=${join(folder, 'root')}`)) killQuietly(pid);
    await killed;
  };
  const bin = await wrap(folder, podman);
  return {
    socketPath,
    folder,
    asOwner: async (command, { env = {}, ...input } = {}) => {
      // With the groups of nobody else, like the service; what it opens it joins.
      const { user, group } = owner;
      const become = [`--reuid=${user}`, `--regid=${group}`, '--clear-groups'];
      const [program, ...rest] = user === undefined ? command : ['setpriv', ...become, ...command];
      const path = `${bin}:${process.env['PATH']}`;
      const options = { env: { ...environment, PATH: path, ...env }, cwd: folder, ...input };
      return (await execa(program, rest, options)).stdout;
    },
    log: async () => server.log(),
    kill,
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      try {
        await removeEverything(socketPath);
      } finally {
        // Left alone it would keep the test's process from ending.
        await kill();
        await endPause(join(folder, 'tmp/pause.pid'));
        await removeTraces(folder, remove);
      }
    },
  };
}

/**
 * A bridge of netavark before 1.9 takes another hardware address as containers come and go; this lets
 * the kernel tell the others on it, as docs/container-engines.md has it. Without it they are cut off
 * from their name server for up to a minute. https://github.com/containers/netavark/pull/833
 */
async function announceBridges(): Promise<void> {
  await writeFile('/proc/sys/net/ipv4/conf/all/arp_notify', '1');
}

/** Puts a `podman` with these options into a folder of its own. */
async function wrap(folder: string, podman: readonly string[]): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await chmod(folder, 0o755);
  const script = `#!/bin/sh\nexec ${podman.join(' ')} "$@"\n`;
  await writeFile(join(bin, 'podman'), script, { mode: 0o755 });
  return bin;
}

/** What holds the user namespace of a rootless service names no folder, and outlives it. */
async function endPause(pidFile: string): Promise<void> {
  try {
    killQuietly(Number(await readFile(pidFile, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function writeConfiguration(
  folder: string,
  { plainHost }: EngineServerOptions,
): Promise<{ readonly containers: string; readonly registries: string }> {
  const containers = join(folder, 'containers.conf');
  const registries = join(folder, 'registries.conf');
  const files = (await execa('sh', ['-c', 'ulimit -Hn'])).stdout;
  const processes = await processLimit();
  await writeFile(
    containers,
    `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "${join(folder, 'networks')}"
`,
  );
  await writeFile(
    registries,
    `unqualified-search-registries = []
${['127.0.0.1', plainHost ?? []].flat().map(plainRegistry).join('')}`,
  );
  return { containers, registries };
}

function plainRegistry(location: string): string {
  return `[[registry]]\nlocation = "${location}"\ninsecure = true\n`;
}

/** Podman lowers its own limit to the kernel's when it starts; containers may not have more. */
async function processLimit(): Promise<number> {
  const hard = Number((await execa('bash', ['-c', 'ulimit -Hu'])).stdout);
  const kernel = Number(await readFile('/proc/sys/kernel/pid_max', 'utf8'));
  return Number.isNaN(hard) ? kernel : Math.min(hard, kernel);
}
