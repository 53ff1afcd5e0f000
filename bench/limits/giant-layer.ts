import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { digestOf, MediaType } from '../../src/registry/manifest.ts';
import { seededBytes } from '../../test/support/images.ts';

/** Two registries: one that makes the bytes of one layer as they are asked for, one that forgets them. */
export interface GiantLayer {
  /** `127.0.0.1:PORT` */
  readonly source: string;
  readonly target: string;
  /** Bytes that arrived at the target. */
  readonly received: () => number;
  readonly requests: () => number;
  readonly close: () => void;
}

const piece = seededBytes('giant', 1_000_000);
const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}');

/** @param size - bytes of the layer */
export async function serveGiantLayer(size: number): Promise<GiantLayer> {
  const layer = digestOfContent(size);
  const manifest = manifestOf(layer, size);
  let received = 0;
  let requests = 0;
  let isTagged = false;

  const source = createServer((request, response) => {
    requests += 1;
    const { url = '' } = request;
    if (url.includes('/manifests/')) {
      serveManifest(manifest, request, response);
    } else if (url.endsWith(layer)) {
      response.writeHead(200, { 'content-length': size });
      Readable.from(contentOf(size)).pipe(response);
    } else {
      response.writeHead(200, { 'content-length': config.byteLength });
      response.end(config);
    }
  });
  const answer: RequestListener = ({ method, url = '' }, response) => {
    if (method === 'PUT' && url.includes('/manifests/')) isTagged = true;
    if (method === 'POST') {
      response.writeHead(202, { location: '/v2/giant/blobs/uploads/session' }).end();
    } else if (method === 'PUT') {
      response.writeHead(201).end();
    } else if (!isTagged || !url.includes('/manifests/')) {
      response.writeHead(404).end();
    }
  };
  const target = createServer((request, response) => {
    requests += 1;
    request.on('data', (chunk: Buffer) => {
      received += chunk.byteLength;
    });
    request.on('end', () => {
      answer(request, response);
      if (!response.writableEnded) serveManifest(manifest, request, response);
    });
  });
  const servers = [source, target];
  const [from = '', to = ''] = await Promise.all(
    servers.map(async (server) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.listen(0, '127.0.0.1', resolve);
      await promise;
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }),
  );
  return {
    source: from,
    target: to,
    received: () => received,
    requests: () => requests,
    close: () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

function* contentOf(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= piece.byteLength) yield piece.subarray(0, left);
}

function digestOfContent(size: number): `sha256:${string}` {
  const hash = createHash('sha256');
  for (const bytes of contentOf(size)) hash.update(bytes);
  return `sha256:${hash.digest('hex')}`;
}

function manifestOf(layer: string, size: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(config),
        size: config.byteLength,
      },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size }],
    }),
  );
}

function serveManifest(
  manifest: Buffer,
  { method }: IncomingMessage,
  response: ServerResponse,
): void {
  response.writeHead(200, {
    'content-type': MediaType.ociManifest,
    'content-length': manifest.byteLength,
    'docker-content-digest': digestOf(manifest),
  });
  response.end(method === 'HEAD' ? undefined : manifest);
}
