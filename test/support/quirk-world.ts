import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { HostSettings } from '../../src/registry/hosts.ts';
import { digestOf, MediaType, type Descriptor } from '../../src/registry/manifest.ts';
import { atTag, type Repository, type TagReference } from '../../src/registry/reference.ts';
import { openRegistries, type OpenedRegistries } from './scripted-registries.ts';
import { startScripted, type Script, type ScriptedServer } from './scripted-server.ts';

/** A registry that behaves in one particular way, and a client that talks to it. */
export interface QuirkWorld extends OpenedRegistries {
  readonly server: ScriptedServer;
  readonly repository: Repository;
  readonly tag: TagReference;
}

export async function openQuirkWorld(
  test: TestContext,
  script: Script,
  settings: HostSettings = {},
): Promise<QuirkWorld> {
  const server = await startScripted(test, script);
  const registries = openRegistries(test, { [server.host]: settings });
  const repository = { registry: server.host, repository: 'acme/app' };
  return { ...registries, server, repository, tag: atTag(repository, '1.0') };
}

/** What a manifest would say of some bytes. */
export function describe(bytes: Uint8Array): Descriptor {
  return {
    mediaType: 'application/octet-stream',
    digest: digestOf(bytes),
    size: bytes.byteLength,
  };
}

/** Uploads bytes as a stream, as a copy would. */
export async function upload(
  { target, repository }: QuirkWorld,
  bytes: Uint8Array,
  mountFrom?: Repository,
): Promise<'mounted' | 'uploaded'> {
  const open = async (): Promise<Readable> => Readable.from(slices(bytes), { objectMode: false });
  const options = mountFrom === undefined ? {} : { mountFrom };
  return target.putBlob(repository, describe(bytes), open, options);
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  const step = 256 * 1024;
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.subarray(at, at + step);
}

const MANIFEST_BYTES = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociManifest, layers: [] }),
);

/** A small manifest, ready to be written. */
export const MANIFEST: {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: ReturnType<typeof digestOf>;
} = {
  bytes: MANIFEST_BYTES,
  mediaType: MediaType.ociManifest,
  digest: digestOf(MANIFEST_BYTES),
};

/** Headers of an answer that carries {@link MANIFEST}. */
export const MANIFEST_HEADERS: Readonly<Record<string, string>> = {
  'content-type': MANIFEST.mediaType,
  'docker-content-digest': MANIFEST.digest,
};
