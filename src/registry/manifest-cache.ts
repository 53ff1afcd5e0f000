import { ContentCache } from './content-cache.ts';
import type { Manifest } from './manifest.ts';
import { formatReference, type DigestReference } from './reference.ts';

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

/**
 * Manifests read in this run, by digest. Kept apart by repository, since a digest known in one says
 * nothing about another holding it.
 */
export class ManifestCache {
  readonly #manifests: ContentCache<Manifest>;

  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    this.#manifests = new ContentCache(maxBytes, ({ bytes }) => bytes.byteLength);
  }

  /** Reads a manifest that is not held, once for all who want it at the same time. */
  async getOrRead(
    reference: DigestReference,
    read: () => Promise<Manifest | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Manifest | undefined> {
    return this.#manifests.getOrRead(formatReference(reference), read, signal);
  }

  get(reference: DigestReference): Manifest | undefined {
    return this.#manifests.get(formatReference(reference));
  }

  put(reference: DigestReference, manifest: Manifest): void {
    this.#manifests.put(formatReference(reference), manifest);
  }
}
