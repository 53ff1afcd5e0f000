/**
 * A proxy that keeps every byte for a while: `node bench/latency-proxy.ts UPSTREAM DELAY_MS PORT`.
 * Prints the port it listens on (0 lets it choose), and at SIGTERM how many connections and bytes went through.
 *
 * What a distance costs over TCP is imitated: a round trip for the handshake, slow start from ten
 * segments, and a window that bounds what is on its way. With a delay of 0 it only counts.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const FIRST_WINDOW = 10 * 1460;
const LARGEST_WINDOW = 4 * 1024 * 1024;

/** What went through, in bytes: `up` is what clients sent. */
export interface Traffic {
  connections: number;
  up: number;
  down: number;
}

export interface LatencyProxy {
  readonly port: number;
  readonly traffic: Readonly<Traffic>;
  close(): void;
}

/**
 * @param upstream - port on this machine
 * @param delayMs - one way
 * @param port - to listen on; 0: any
 */
export async function startLatencyProxy(
  upstream: number,
  delayMs: number,
  port = 0,
): Promise<LatencyProxy> {
  const traffic: Traffic = { connections: 0, up: 0, down: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    traffic.connections += 1;
    const registry = connect({
      port: upstream,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
    });
    for (const [socket, other] of [
      [client, registry],
      [registry, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    // The handshake was answered at once: the first bytes make up for its round trip.
    const openAt = performance.now() + 2 * delayMs;
    carry(client, registry, delayMs, openAt, (bytes) => {
      traffic.up += bytes;
    });
    carry(registry, client, delayMs, 0, (bytes) => {
      traffic.down += bytes;
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    traffic,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Takes bytes from one socket to another, each `delayMs` after it came, within the window. */
function carry(
  from: Socket,
  to: Socket,
  delayMs: number,
  openAt: number,
  onBytes: (bytes: number) => void,
): void {
  let window = FIRST_WINDOW;
  let onItsWay = 0;
  // Timers of different lengths may overtake each other: each lets go of what is first in line.
  const line: (() => void)[] = [];
  const later = (work: () => void): void => {
    line.push(work);
    const wait = Math.max(openAt - performance.now(), 0) + delayMs;
    setTimeout(() => line.shift()?.(), wait);
  };
  const take = (): void => {
    for (;;) {
      const room = Math.min(window - onItsWay, from.readableLength);
      // To read nothing is what makes a stream at its end say so.
      const chunk = from.read(Math.max(room, 0)) as Buffer | null;
      if (chunk === null) return;
      onBytes(chunk.byteLength);
      onItsWay += chunk.byteLength;
      later(() => {
        // Free once the receiver has it; the word of that takes another way back.
        to.write(chunk, () => {
          if (delayMs === 0) acknowledged(chunk.byteLength);
          else setTimeout(acknowledged, delayMs, chunk.byteLength);
        });
      });
    }
  };
  const acknowledged = (bytes: number): void => {
    onItsWay -= bytes;
    window = Math.min(window + bytes, LARGEST_WINDOW);
    take();
  };
  from.on('readable', take);
  from.on('end', () => later(() => to.end()));
}

if (import.meta.main) {
  const [upstream = 0, delayMs = 0, port = 0] = process.argv.slice(2).map(Number);
  const proxy = await startLatencyProxy(upstream, delayMs, port);
  console.log(`listening on ${proxy.port}`);
  process.on('SIGTERM', () => {
    console.log(JSON.stringify(proxy.traffic));
    process.exit();
  });
}
