import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A forward proxy that leads every host to one server on loopback. */
export class ForwardProxy {
  /** Hosts it was asked for, with their ports. */
  readonly hosts: string[] = [];
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  /** @param target - base URL of the server that stands for all hosts */
  static async start(target: string): Promise<ForwardProxy> {
    const proxy = new ForwardProxy();
    const { hostname, port } = new URL(target);
    proxy.#server.on('connect', ({ url = '' }: { url?: string }, socket: Socket) => {
      proxy.hosts.push(url);
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      for (const end of [socket, onward]) {
        proxy.#sockets.add(end);
        end.on('error', () => end.destroy());
      }
    });
    proxy.#server.on('request', (request, response) => {
      const { host, pathname, search } = new URL(request.url ?? '');
      proxy.hosts.push(host);
      const { method, headers } = request;
      const onward = send({ hostname, port, method, headers, path: `${pathname}${search}` });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
