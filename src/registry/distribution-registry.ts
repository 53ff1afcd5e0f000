import type { Readable } from 'node:stream';
import type { Side } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { getBlob, hasBlob, openBlob, SMALL_BLOB_BYTES, streamOf } from './blobs.ts';
import type { HostClient } from './host-client.ts';
import type { Hosts } from './hosts.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { putManifest } from './manifest-upload.ts';
import { getManifest, headManifest } from './manifests.ts';
import {
  formatRepository,
  type Digest,
  type DigestReference,
  type Reference,
  type Repository,
} from './reference.ts';
import { listReferrers } from './referrers.ts';
import type { ManifestHead, OpenBlobOptions, PutManifestResult, Registry } from './registry.ts';
import type { SharedRegistries } from './shared-registries.ts';
import { putBlob } from './uploads.ts';

/** One side's view of all registries, over the OCI Distribution API. */
export class DistributionRegistry implements Registry {
  readonly #side: Side;
  readonly #shared: SharedRegistries;

  constructor(side: Side, shared: SharedRegistries) {
    this.#side = side;
    this.#shared = shared;
  }

  async head(reference: Reference, options: Options = {}): Promise<ManifestHead | undefined> {
    const client = this.#shared.client(reference.registry);
    return headManifest(client, this.#side, reference, this.#shared.manifests, options);
  }

  async getManifest(reference: Reference, options: Options = {}): Promise<Manifest | undefined> {
    const client = this.#shared.client(reference.registry);
    return getManifest(client, this.#side, reference, this.#shared.manifests, options);
  }

  async getBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: Options & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const read = (): Promise<Uint8Array> =>
      getBlob(repository, descriptor, { ...this.#context(repository), ...options });
    if (descriptor.size > Math.min(SMALL_BLOB_BYTES, options.maxBytes)) return read();
    const { smallBlobs } = this.#shared;
    const key = nameOf(repository, descriptor);
    const readAndHold = async (): Promise<Uint8Array> => {
      const bytes = await read();
      smallBlobs.put(key, bytes);
      return bytes;
    };
    return (await smallBlobs.getOrRead(key, readAndHold, options.signal)) ?? read();
  }

  async referrers(
    subject: DigestReference,
    options: Options = {},
  ): Promise<readonly Descriptor[] | undefined> {
    return listReferrers(this.#shared.client(subject.registry), this.#side, subject, options);
  }

  async hasBlob(
    repository: Repository,
    digest: Digest,
    options: Options & { readonly size?: number } = {},
  ): Promise<boolean> {
    return hasBlob(repository, digest, { ...this.#context(repository), ...options });
  }

  async openBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: OpenBlobOptions = {},
  ): Promise<Readable> {
    const held = await this.#heldBlob(repository, descriptor, options);
    const stream =
      held ??
      (await openBlob(repository, descriptor, { ...this.#context(repository), ...options }));
    return this.#shared.bandwidth?.throttle(stream) ?? stream;
  }

  async putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    options: Options & { readonly mountFrom?: Repository } = {},
  ): Promise<'mounted' | 'uploaded'> {
    return putBlob(repository, descriptor, open, {
      ...this.#context(repository),
      journal: this.#shared.uploads,
      ...options,
    });
  }

  async putManifest(
    reference: Reference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options: Options = {},
  ): Promise<PutManifestResult> {
    const client = this.#shared.client(reference.registry);
    return putManifest(client, this.#side, reference, manifest, options);
  }

  /** A blob that was just read whole, or is being read. */
  async #heldBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: OpenBlobOptions,
  ): Promise<Readable | undefined> {
    if (descriptor.size > SMALL_BLOB_BYTES) return undefined;
    const key = nameOf(repository, descriptor);
    const bytes = await this.#shared.smallBlobs.getOrJoin(key, options.signal);
    return bytes === undefined ? undefined : streamOf(bytes, options);
  }

  #context({ registry }: Repository): {
    readonly client: HostClient;
    readonly side: Side;
    readonly hosts: Hosts;
    readonly logger: Logger;
  } {
    const { hosts, logger } = this.#shared;
    return { client: this.#shared.client(registry), side: this.#side, hosts, logger };
  }
}

/** By its size too: what somebody claims of a digest proves nothing to one who claims otherwise. */
function nameOf(repository: Repository, { digest, size }: Descriptor): string {
  return `${formatRepository(repository)}@${digest} ${size}`;
}
