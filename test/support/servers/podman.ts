import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './binaries.ts';
import { killQuietly, processesNaming, unmountUnder, type EngineServer } from './engine-server.ts';
import { ping, removeEverything } from './engine-requests.ts';
import { startProcess, temporaryFolder, type ServerProcess } from './server-process.ts';

/**
 * Starts a Podman service of its own files, as root, on a machine without systemd.
 *
 * What it needs there: `cgroupfs` in place of systemd's cgroups; events in a file in place of the
 * journal; runc, since crun insists on the unified hierarchy where a machine has both; limits that
 * it may set, since Podman raises its own to values that take CAP_SYS_RESOURCE.
 */
export async function startPodman(): Promise<EngineServer> {
  const { path: folder, remove } = await temporaryFolder('podman');
  const socketPath = join(folder, 'podman.sock');
  const { containers, registries } = await writeConfiguration(folder);
  const start = async (): Promise<ServerProcess> =>
    startProcess(
      [
        binary('podman'),
        `--root=${join(folder, 'root')}`,
        `--runroot=${join(folder, 'run')}`,
        `--tmpdir=${join(folder, 'tmp')}`,
        'system',
        'service',
        '--time=0',
        `unix://${socketPath}`,
      ],
      folder,
      async () => ((await ping(socketPath)) ? true : undefined),
      { CONTAINERS_CONF: containers, CONTAINERS_REGISTRIES_CONF: registries },
    );
  let server = await start();
  return {
    socketPath,
    log: async () => server.log(),
    kill: async () => server.kill(),
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await removeEverything(socketPath);
      await server.stop();
      for (const pid of await processesNaming(folder)) killQuietly(pid);
      await unmountUnder(folder);
      await remove();
    },
  };
}

async function writeConfiguration(
  folder: string,
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
[[registry]]
location = "127.0.0.1"
insecure = true
`,
  );
  return { containers, registries };
}

/** Podman lowers its own limit to the kernel's when it starts; containers may not have more. */
async function processLimit(): Promise<number> {
  const hard = Number((await execa('bash', ['-c', 'ulimit -Hu'])).stdout);
  const kernel = Number(await readFile('/proc/sys/kernel/pid_max', 'utf8'));
  return Number.isNaN(hard) ? kernel : Math.min(hard, kernel);
}
