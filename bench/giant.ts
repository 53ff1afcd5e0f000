/**
 * How much memory one giant layer takes: `npm run build && node bench/giant.ts [GB]`, 10 by default.
 * Its bytes are made on the fly by a registry in this process, and forgotten by another.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { digestOf, MediaType } from '../src/registry/manifest.ts';
import { seededBytes } from '../test/support/images.ts';
import { temporaryFolder } from '../test/support/servers/server-process.ts';
import { CONTENDERS } from './contenders.ts';
import { measure } from './measure.ts';

const size = Number(process.argv[2] ?? 10) * 1e9;
const piece = seededBytes('giant', 1_000_000);

function* content(): Generator<Buffer> {
  for (let left = size; left > 0; left -= piece.byteLength) yield piece.subarray(0, left);
}

const hash = createHash('sha256');
for (const bytes of content()) hash.update(bytes);
const layer = `sha256:${hash.digest('hex')}` as const;
const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}');
const manifest = Buffer.from(
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

function serveManifest(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': MediaType.ociManifest,
    'content-length': manifest.byteLength,
    'docker-content-digest': digestOf(manifest),
  });
  response.end(request.method === 'HEAD' ? undefined : manifest);
}

const source = createServer((request, response) => {
  const { url = '' } = request;
  if (url.includes('/manifests/')) {
    serveManifest(request, response);
  } else if (url.endsWith(layer)) {
    response.writeHead(200, { 'content-length': size });
    Readable.from(content()).pipe(response);
  } else {
    response.writeHead(200, { 'content-length': config.byteLength });
    response.end(config);
  }
});

let received = 0;
let isTagged = false;
const target = createServer((request, response) => {
  const { method, url = '' } = request;
  request.on('data', (chunk: Buffer) => {
    received += chunk.byteLength;
  });
  request.on('end', () => {
    if (method === 'PUT' && url.includes('/manifests/')) isTagged = true;
    if (method === 'POST') {
      response.writeHead(202, { location: '/v2/giant/blobs/uploads/session' }).end();
    } else if (method === 'PUT') {
      response.writeHead(201).end();
    } else if (isTagged && url.includes('/manifests/')) {
      serveManifest(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
});

const folder = await temporaryFolder('bench-giant');
const hosts = await Promise.all(
  [source, target].map(async (server) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }),
);
const [from = '', to = ''] = hosts;
const references = ['giant:1.0'];
const task = { folder: folder.path, source: from, target: to, ca: undefined, publicKey: '' };
const command = await CONTENDERS.mirror.prepare({ ...task, references });
try {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path };
  const { seconds, cpuSeconds, megabytes } = await measure(command, env, 30 * 60_000);
  console.log(
    `one layer of ${size / 1e9} GB: ${seconds.toFixed(1)} s, processor ${cpuSeconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB of memory; ${(received / 1e9).toFixed(2)} GB arrived`,
  );
} finally {
  for (const server of [source, target]) {
    server.closeAllConnections();
    server.close();
  }
  await folder.remove();
}
