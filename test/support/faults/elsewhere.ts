import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Elsewhere, FaultProxyOptions } from './proxy.ts';
import { Upstream } from './upstream.ts';

/** Real registries: `127.0.0.1:41234`. */
export interface ElsewhereOptions {
  readonly source: string;
  readonly target: string;
  /** Is told what the target has answered. */
  readonly witness: NonNullable<FaultProxyOptions['witness']>;
}

/** Starts where redirects lead: a host that serves what both registries do, and one that is a trap. */
export async function startElsewhere(upstreams: ElsewhereOptions): Promise<{
  readonly elsewhere: Elsewhere;
  /** What came to the trap, and credentials that came to either. */
  readonly strayed: () => readonly string[];
  readonly close: () => Promise<void>;
}> {
  const strayed: string[] = [];
  const behind = {
    source: new Upstream(upstreams.source),
    target: new Upstream(upstreams.target),
  };
  const other = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    if (headers.authorization !== undefined) strayed.push(`credentials at ${method} ${url}`);
    const [, side = '', path = ''] = /^\/(source|target)(\/.*)$/.exec(url) ?? [];
    const { authorization: _, ...kept } = headers;
    const request = { method, path, headers: kept, body: Buffer.alloc(0) };
    const serve = async (): Promise<void> => {
      const answer = await behind[side as 'source' | 'target'].ask(request);
      if (side === 'target') await upstreams.witness(request, answer);
      outgoing
        .writeHead(answer.status, answer.headers as Record<string, string>)
        .end(method === 'HEAD' ? '' : answer.body);
    };
    serve().catch(() => outgoing.destroy());
  });
  const trap = createServer(({ method, url }, outgoing) => {
    strayed.push(`a request to a host that nobody named: ${method} ${url}`);
    outgoing.writeHead(200).end();
  });
  const servers = [other, trap];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  return {
    elsewhere: { other: `cdn.example:${ports[0]}`, trap: `trap.example:${ports[1]}` },
    strayed: () => strayed,
    close: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      behind.source.close();
      behind.target.close();
      await Promise.resolve();
    },
  };
}
