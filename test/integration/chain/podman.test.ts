import { chmod } from 'node:fs/promises';
import { startPodman } from '../../support/servers/podman.ts';
import { chain } from './chain.ts';

chain('Podman', 'podman', async (options) => {
  const server = await startPodman(options);
  // As its unit of systemd makes it (podman.socket: SocketMode=0660).
  await chmod(server.socketPath, 0o660);
  return server;
});
