import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { digestOf, MediaType } from '../../../src/registry/manifest.ts';
import type { DigestReference } from '../../../src/registry/reference.ts';
import type { TestImage } from '../images.ts';
import { binary } from './binaries.ts';
import { pushTo } from './push.ts';
import type { RegistryServer } from './registry-server.ts';
import { temporaryFolder } from './server-process.ts';

/** What a container of the image does. */
export interface RunnableOptions {
  /** A line for busybox's shell; its process is the container's first. */
  readonly script: string;
  /** `NAME=value`. */
  readonly environment?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly user?: string;
  /** In the words of the image format: nanoseconds. */
  readonly healthCheck?: {
    readonly Test: readonly string[];
    readonly Interval: number;
    readonly Timeout?: number;
    readonly Retries?: number;
    readonly StartPeriod?: number;
  };
}

const COMMANDS = 'sh sleep cat echo env httpd id kill ls nslookup rm test touch true false wget';
const LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json';

let busybox: Promise<Buffer> | undefined;

/**
 * An image of busybox that runs a script. In Docker's format: Podman leaves the health check out
 * of images in OCI's.
 */
export async function runnableImage(options: RunnableOptions): Promise<TestImage> {
  busybox ??= busyboxLayer();
  const layer = await busybox;
  const config = json({
    created: '2025-01-01T00:00:00Z',
    os: 'linux',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    config: {
      Cmd: ['sh', '-c', options.script],
      Env: ['PATH=/bin', ...(options.environment ?? [])],
      Labels: options.labels ?? {},
      User: options.user ?? '',
      Healthcheck: options.healthCheck,
    },
    rootfs: { type: 'layers', diff_ids: [digestOf(gunzipSync(layer))] },
    history: [{ created_by: 'ADD busybox' }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MediaType.dockerManifest,
    config: { mediaType: CONFIG_TYPE, digest: digestOf(config), size: config.byteLength },
    layers: [{ mediaType: LAYER_TYPE, digest: digestOf(layer), size: layer.byteLength }],
  });
  const digest = digestOf(manifest);
  const descriptor = { mediaType: MediaType.dockerManifest, digest, size: manifest.byteLength };
  return {
    descriptor,
    digest,
    manifests: [{ digest, mediaType: MediaType.dockerManifest, bytes: manifest }],
    blobs: new Map([
      [digestOf(config), config],
      [digestOf(layer), layer],
    ]),
  };
}

/** Puts a runnable image into a registry, and says where it is. */
export async function publishRunnable(
  server: Pick<RegistryServer, 'url' | 'host'>,
  repository: string,
  options: RunnableOptions,
  ...tags: readonly string[]
): Promise<DigestReference> {
  const image = await runnableImage(options);
  await pushTo({ server, repository }, image, ...tags);
  return { kind: 'digest', registry: server.host, repository, digest: image.digest };
}

async function busyboxLayer(): Promise<Buffer> {
  const { path, remove } = await temporaryFolder('busybox');
  try {
    const bin = join(path, 'bin');
    await Promise.all(['bin', 'tmp', 'etc'].map(async (name) => mkdir(join(path, name))));
    // The folder itself becomes the root, which every user has to get through.
    await chmod(path, 0o755);
    await chmod(join(path, 'tmp'), 0o1777);
    await copyFile(binary('busybox'), join(bin, 'busybox'));
    await Promise.all(COMMANDS.split(' ').map(async (name) => symlink('busybox', join(bin, name))));
    // Without it an account has no name, and `id` complains.
    await writeFile(join(path, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    const { stdout } = await execa(
      'tar',
      ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '-czf', '-', '-C', path, '.'],
      { encoding: 'buffer' },
    );
    return Buffer.from(stdout);
  } finally {
    await remove();
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
