import { join } from 'node:path';
import { binary } from './binaries.ts';
import { killQuietly, processesNaming, unmountUnder, type EngineServer } from './engine-server.ts';
import { ping, removeEverything } from './engine-requests.ts';
import { startProcess, temporaryFolder, waitFor, type ServerProcess } from './server-process.ts';

/**
 * Starts a Docker Engine of its own files, with its own bridge. Needs root. Registries on loopback
 * need no configuration: Docker takes them without TLS.
 *
 * With iptables and overlay2 as they are; both work where this was tried (kernel 6.18, nftables
 * behind iptables 1.8.9). A network's subnet is chosen by the engine, so that two engines on one
 * machine find other ones.
 */
export async function startDocker(): Promise<EngineServer> {
  const { path: folder, remove } = await temporaryFolder('docker');
  const socketPath = join(folder, 'docker.sock');
  const start = async (): Promise<ServerProcess> =>
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
      ],
      folder,
      async () => ((await ping(socketPath)) ? true : undefined),
    );
  let server = await start();
  return {
    socketPath,
    log: async () => server.log(),
    kill: async () => {
      await server.kill();
      // What it started itself goes with it only when it ends politely.
      for (const pid of await processesNaming(join(folder, 'exec'))) killQuietly(pid);
      await waitFor('what the engine started is gone', async () =>
        (await processesNaming(join(folder, 'exec'))).length === 0 ? true : undefined,
      );
    },
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
