import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * Lets containers reach a server that listens on loopback: hands on what comes to an address of
 * their network, under the same port.
 *
 * @param host - address of this machine in the containers' network
 * @param port - of the server on loopback
 * @returns its end
 */
export async function relayTo(host: string, port: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const onward = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [incoming, onward],
      [onward, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      // The close that follows ends the other side, too.
      socket.on('error', () => undefined);
      socket.pipe(other);
    }
  }).listen(port, host);
  await once(server, 'listening');
  return async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
}

/** The port of `host:port` or of a URL. */
export function portOf(address: string): number {
  return Number(/:(\d+)\/?$/.exec(address)?.[1]);
}
