import type { Readable } from 'node:stream';
import type { Side } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Options } from '../options.ts';
import { getBlob, hasBlob, openBlob } from './blobs.ts';
import type { HostClient } from './host-client.ts';
import type { Hosts } from './hosts.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { putManifest } from './manifest-upload.ts';
import { getManifest, headManifest } from './manifests.ts';
import type { Digest, DigestReference, Reference, Repository } from './reference.ts';
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
    return getBlob(repository, descriptor, { ...this.#context(repository), ...options });
  }

  async referrers(
    subject: DigestReference,
    options: Options = {},
  ): Promise<readonly Descriptor[] | undefined> {
    return listReferrers(this.#shared.client(subject.registry), this.#side, subject, options);
  }

  async hasBlob(repository: Repository, digest: Digest, options: Options = {}): Promise<boolean> {
    return hasBlob(repository, digest, { ...this.#context(repository), ...options });
  }

  async openBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: OpenBlobOptions = {},
  ): Promise<Readable> {
    const stream = await openBlob(repository, descriptor, {
      ...this.#context(repository),
      ...options,
    });
    return this.#shared.bandwidth?.throttle(stream) ?? stream;
  }

  async putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    options: Options & { readonly mountFrom?: Repository } = {},
  ): Promise<'mounted' | 'uploaded'> {
    return putBlob(repository, descriptor, open, { ...this.#context(repository), ...options });
  }

  async putManifest(
    reference: Reference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options: Options = {},
  ): Promise<PutManifestResult> {
    const client = this.#shared.client(reference.registry);
    return putManifest(client, this.#side, reference, manifest, options);
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
