import { Readable } from 'node:stream';
import { RegistryError, type RegistryErrorCode, type Side } from '../../src/errors.ts';
import type { Options } from '../../src/options.ts';
import {
  digestOf,
  parseManifest,
  type Descriptor,
  type Manifest,
} from '../../src/registry/manifest.ts';
import {
  formatReference,
  formatRepository,
  type Digest,
  type DigestReference,
  type Reference,
  type Repository,
} from '../../src/registry/reference.ts';
import type {
  ManifestHead,
  OpenBlobOptions,
  PutManifestResult,
  Registry,
} from '../../src/registry/registry.ts';
import { RegistryStore, type RepositoryStore } from '../support/registry/store.ts';

/** One call, in the order they came. */
export interface RegistryCall {
  readonly method: keyof Registry;
  /** Repository with the tag, the digest or the blob: `registry.example/app@sha256:…`. */
  readonly target: string;
}

export interface MemoryRegistryOptions {
  /** Which end of a copy it is: what its errors name. */
  readonly side?: Side;
  /** Whether it has the referrers API and indexes subjects; yes by default. */
  readonly referrersApi?: boolean;
  /** Runs before each call: what it throws fails the call, what it awaits delays it. */
  readonly before?: (call: RegistryCall) => void | Promise<void>;
  /** Runs after each write that succeeded. */
  readonly after?: (call: RegistryCall, outcome: 'mounted' | 'uploaded' | 'stored') => void;
  /** Bytes served for a blob instead of those it holds. */
  readonly tamper?: (digest: Digest, bytes: Uint8Array) => Uint8Array;
  /** Whether blobs are mounted across the repositories of a host; yes by default. */
  readonly mounts?: boolean;
}

/** Any number of registries in memory: whatever host a reference names. Speaks no HTTP. */
export class MemoryRegistry implements Registry {
  /** Every call so far; set its length to 0 to forget them. */
  readonly calls: RegistryCall[] = [];
  /** Answers to HEAD that contradict what is stored, by reference as text. */
  readonly claims: Map<string, ManifestHead> = new Map();
  readonly #store = new RegistryStore();
  readonly #options: MemoryRegistryOptions;

  constructor(options: MemoryRegistryOptions = {}) {
    this.#options = options;
  }

  /** What a repository holds: `registry.example/app`. */
  repository(name: string): RepositoryStore {
    return this.#store.repository(name);
  }

  async head(reference: Reference, options?: Options): Promise<ManifestHead | undefined> {
    await this.#enter('head', formatReference(reference), options);
    const claimed = this.claims.get(formatReference(reference));
    if (claimed !== undefined) return claimed;
    const stored = this.#find(reference);
    return (
      stored && { digest: stored.digest, mediaType: stored.mediaType, size: stored.bytes.length }
    );
  }

  async getManifest(reference: Reference, options?: Options): Promise<Manifest | undefined> {
    await this.#enter('getManifest', formatReference(reference), options);
    const stored = this.#find(reference);
    if (stored === undefined) return undefined;
    if (reference.kind === 'digest') this.#verify(stored.bytes, reference.digest, reference);
    return parseManifest(stored.bytes, stored.mediaType);
  }

  async getBlob(
    repository: Repository,
    descriptor: Descriptor,
    options: Options & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    await this.#enter('getBlob', blobName(repository, descriptor.digest), options);
    if (descriptor.size > options.maxBytes) {
      throw this.#error(
        'REGISTRY_REFUSED',
        `${blobName(repository, descriptor.digest)} is larger than ${options.maxBytes} bytes`,
      );
    }
    const bytes = this.#serve(repository, descriptor);
    this.#verify(bytes, descriptor.digest, repository);
    return bytes;
  }

  async referrers(
    subject: DigestReference,
    options?: Options,
  ): Promise<readonly Descriptor[] | undefined> {
    await this.#enter('referrers', formatReference(subject), options);
    if (this.#options.referrersApi === false) return undefined;
    return this.#repository(subject).referrers(subject.digest);
  }

  async hasBlob(
    repository: Repository,
    digest: Digest,
    options?: Options & { readonly size?: number },
  ): Promise<boolean> {
    await this.#enter('hasBlob', blobName(repository, digest), options);
    const held = this.#repository(repository).blobs.get(digest);
    return held !== undefined && held.length === (options?.size ?? held.length);
  }

  async openBlob(
    repository: Repository,
    descriptor: Descriptor,
    options?: OpenBlobOptions,
  ): Promise<Readable> {
    await this.#enter('openBlob', blobName(repository, descriptor.digest), options);
    const bytes = this.#serve(repository, descriptor);
    // A length is known before the bytes are.
    if (bytes.length !== descriptor.size) this.#verify(bytes, descriptor.digest, repository);
    const verify = (): void => {
      this.#verify(bytes, descriptor.digest, repository);
    };
    const chunks = function* (): Generator<Uint8Array> {
      yield bytes;
      options?.onReceived?.(bytes.byteLength);
      verify();
    };
    return Readable.from(chunks(), { objectMode: false });
  }

  async putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => Promise<Readable>,
    options: Options & { readonly mountFrom?: Repository } = {},
  ): Promise<'mounted' | 'uploaded'> {
    const call = await this.#enter('putBlob', blobName(repository, descriptor.digest), options);
    const { mountFrom } = options;
    if (mountFrom?.registry === repository.registry && this.#options.mounts !== false) {
      const held = this.#repository(mountFrom).blobs.get(descriptor.digest);
      if (held !== undefined) {
        this.#repository(repository).putBlob(held);
        this.#options.after?.(call, 'mounted');
        return 'mounted';
      }
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await open()) as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    this.#verify(bytes, descriptor.digest, repository);
    this.#repository(repository).putBlob(bytes);
    this.#options.after?.(call, 'uploaded');
    return 'uploaded';
  }

  async putManifest(
    reference: Reference,
    manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
    options?: Options,
  ): Promise<PutManifestResult> {
    const call = await this.#enter('putManifest', formatReference(reference), options);
    this.#verify(manifest.bytes, manifest.digest, reference);
    if (reference.kind === 'digest') this.#verify(manifest.bytes, reference.digest, reference);
    const parsed = parseManifest(manifest.bytes, manifest.mediaType);
    const repository = this.#repository(reference);
    const missing = repository.missing(parsed);
    if (missing.length > 0) {
      throw this.#error(
        'REGISTRY_NOT_FOUND',
        `${formatReference(reference)} was refused: ${missing.join(', ')} is unknown`,
        { status: 404, registryCode: 'MANIFEST_BLOB_UNKNOWN' },
      );
    }
    repository.putManifest(manifest, reference.kind === 'tag' ? reference.tag : undefined);
    this.#options.after?.(call, 'stored');
    return {
      subjectIndexed: parsed.subject !== undefined && this.#options.referrersApi !== false,
    };
  }

  async #enter(method: keyof Registry, target: string, options?: Options): Promise<RegistryCall> {
    options?.signal?.throwIfAborted();
    const call = { method, target };
    this.calls.push(call);
    await this.#options.before?.(call);
    options?.signal?.throwIfAborted();
    return call;
  }

  #repository(repository: Repository): RepositoryStore {
    return this.#store.repository(formatRepository(repository));
  }

  #find(reference: Reference): ReturnType<RepositoryStore['find']> {
    const name = reference.kind === 'tag' ? reference.tag : reference.digest;
    return this.#repository(reference).find(name);
  }

  #serve(repository: Repository, { digest }: Descriptor): Uint8Array {
    const bytes = this.#repository(repository).blobs.get(digest);
    if (bytes === undefined) {
      throw this.#error('REGISTRY_NOT_FOUND', `${blobName(repository, digest)}: no such blob`, {
        status: 404,
        registryCode: 'BLOB_UNKNOWN',
      });
    }
    return this.#options.tamper?.(digest, bytes) ?? bytes;
  }

  #verify(bytes: Uint8Array, digest: Digest, where: Repository): void {
    const actual = digestOf(bytes);
    if (actual === digest) return;
    throw this.#error('DIGEST_MISMATCH', `${blobName(where, digest)}: the bytes are ${actual}`);
  }

  #error(
    code: RegistryErrorCode,
    message: string,
    answer: { readonly status?: number; readonly registryCode?: string } = {},
  ): RegistryError {
    return new RegistryError(code, message, { side: this.#options.side, ...answer });
  }
}

function blobName(repository: Repository, digest: Digest): string {
  return `${formatRepository(repository)}@${digest}`;
}
