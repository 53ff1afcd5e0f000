import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
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

/** Each flushes the chains of iptables that the others are just filling. */
const oneAtATime = pLimit(1);

/**
 * Starts a Docker Engine of its own files, with its own bridge. Needs root. Registries on loopback
 * need no configuration: Docker takes them without TLS.
 *
 * With iptables and overlay2 as they are; both work where this was tried (kernel 6.18, nftables
 * behind iptables 1.8.9). A network's subnet is chosen by the engine, so that two engines on one
 * machine find other ones.
 */
export async function startDocker(options: EngineServerOptions = {}): Promise<EngineServer> {
  const { path: folder, remove } = await temporaryFolder('docker');
  const socketPath = join(folder, 'docker.sock');
  await makeStorage(join(folder, 'data'), options);
  const startNow = async (): Promise<ServerProcess> =>
    startProcess(
      [
        binary('dockerd'),
        `--data-root=${join(folder, 'data')}`,
        `--exec-root=${join(folder, 'exec')}`,
        `--pidfile=${join(folder, 'pid')}`,
        `--host=unix://${socketPath}`,
        '--group=root',
        '--log-level=warn',
        // Without docker0, which another engine on this machine may have.
        '--bridge=none',
        ...(options.plainHost === undefined ? [] : [`--insecure-registry=${options.plainHost}/32`]),
      ],
      folder,
      async () => ((await ping(socketPath)) ? true : undefined),
    );
  const start = async (): Promise<ServerProcess> => oneAtATime(startNow);
  let server = await start();
  return {
    socketPath,
    log: async () => server.log(),
    kill: async () => {
      await server.kill();
      // Its containerd goes with it only when it ends politely; the shims of containers stay.
      const containerd = join(folder, 'exec/containerd/containerd');
      for (const pid of await processesNaming(`${containerd}.toml`)) killQuietly(pid);
      // The engine takes a process that nobody has waited for yet for a running one.
      await rm(`${containerd}.pid`, { force: true });
    },
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      try {
        await removeEverything(socketPath);
      } finally {
        // Left alone it would keep the test's process from ending.
        await server.stop();
        await removeTraces(folder, remove);
      }
    },
  };
}
