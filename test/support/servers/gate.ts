import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP relay on loopback that can stop in mid-stream, so that a test can act at that moment. */
export interface Gate {
  /** What clients connect to: `127.0.0.1:41234`. */
  readonly host: string;
  /** Bytes that clients have sent so far. */
  readonly sent: () => number;
  /** Lets so many more bytes from clients through, then holds everything back. */
  readonly holdAfter: (bytes: number) => void;
  /** Resolves when bytes are being held back. */
  readonly held: () => Promise<void>;
  /** Lets everything through again. */
  readonly open: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a relay to `target` (`host:port`), open. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(`http://${target}`);
  const clients = new Set<Socket>();
  let sent = 0;
  let limit = Number.POSITIVE_INFINITY;
  let reached = Promise.withResolvers<void>();

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    clients.add(client);
    client.on('data', (chunk) => {
      sent += chunk.length;
      upstream.write(chunk);
      if (sent < limit) return;
      for (const other of clients) other.pause();
      reached.resolve();
    });
    upstream.pipe(client);
    client.on('end', () => upstream.end());
    // Either side may vanish: that is what this is for.
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      upstream.destroy();
    });
    if (sent >= limit) client.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    holdAfter: (bytes) => {
      limit = sent + bytes;
      reached = Promise.withResolvers();
    },
    held: async () => reached.promise,
    open: () => {
      limit = Number.POSITIVE_INFINITY;
      for (const client of clients) client.resume();
    },
    close: async () => {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
