import type { Readable } from 'node:stream';
import type { Options } from '../options.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import type { Digest, DigestReference, Reference, Repository } from './reference.ts';

/** What a HEAD of a manifest tells. */
export interface ManifestHead {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest itself; `undefined` where the registry does not say. */
  readonly size: number | undefined;
}

/** Reading half of a registry; all that verification and discovery get. */
export interface RegistryReader {
  /**
   * Asks with one HEAD which digest a reference has now. Pull-rate free at Docker Hub, and no
   * "pull" in a registry's retention statistics.
   *
   * @returns `undefined` if the registry says it has no such manifest
   * @throws RegistryError
   */
  head(reference: Reference, options?: Options): Promise<ManifestHead | undefined>;

  /**
   * Reads a manifest. A digest reference is checked against the bytes that came, and asked for
   * once a run: content that cannot change is remembered.
   *
   * @returns `undefined` if the registry says it has no such manifest
   * @throws RegistryError `DIGEST_MISMATCH`: the bytes are not what the reference names
   */
  getManifest(reference: Reference, options?: Options): Promise<Manifest | undefined>;

  /**
   * Reads a small blob (a config, a signature payload) whole, checked against its descriptor.
   *
   * @throws RegistryError `DIGEST_MISMATCH`; `REGISTRY_REFUSED` when it is larger than `maxBytes`
   */
  getBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: Options & { readonly maxBytes: number },
  ): Promise<Uint8Array>;

  /**
   * Lists what is attached to a manifest, by the OCI referrers API, all pages.
   *
   * @returns `undefined` where the registry has no such API: look at the fallback tag
   */
  referrers(
    subject: DigestReference,
    options?: Options,
  ): Promise<readonly Descriptor[] | undefined>;
}

export interface OpenBlobOptions extends Options {
  /** Called as bytes come, with how many of the blob there are so far. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/** A registry one can copy from and to. */
export interface Registry extends RegistryReader {
  /**
   * Whether a repository already holds a blob.
   *
   * @param options - `size`: bytes that it must have, where the registry says how many there are
   */
  hasBlob(
    repository: Repository,
    digest: Digest,
    options?: Options & { readonly size?: number },
  ): Promise<boolean>;

  /**
   * Streams a blob. The stream fails with `DIGEST_MISMATCH` instead of ending when its bytes are
   * not what the descriptor says; it is never decompressed. A connection cut in mid-blob is
   * resumed at the byte by `Range`.
   */
  openBlob(
    repository: Repository,
    descriptor: Descriptor,
    options?: OpenBlobOptions,
  ): Promise<Readable>;

  /**
   * Puts a blob into a repository: mounted from `mountFrom` if the registry agrees, else uploaded.
   *
   * @param open - opens the content; called only when bytes are really needed, again on a retry
   */
  putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    options?: Options & { readonly mountFrom?: Repository },
  ): Promise<'mounted' | 'uploaded'>;

  /**
   * Puts a manifest's bytes, verbatim, under a tag or its digest.
   *
   * @throws RegistryError `DIGEST_MISMATCH`: the registry stored it under another digest
   */
  putManifest(
    reference: Reference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options?: Options,
  ): Promise<PutManifestResult>;
}

export interface PutManifestResult {
  /**
   * Whether the registry itself indexed the manifest's `subject` (answered `OCI-Subject`). If not,
   * whoever attaches something maintains the fallback tag.
   */
  readonly subjectIndexed: boolean;
}
