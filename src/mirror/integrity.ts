import { selectPlatforms } from '../copiers/platforms.ts';
import {
  blobsOf,
  childrenOf,
  isIndex,
  whyTooMuch,
  type ManifestTree,
} from '../copiers/manifest-tree.ts';
import { RegistryError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Descriptor, Manifest, Platform } from '../registry/manifest.ts';
import {
  atDigest,
  formatReference,
  formatRepository,
  type Digest,
  type DigestReference,
} from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';

/** What an image refers to and its registry does not serve. */
export interface MissingPart {
  readonly kind: 'manifest' | 'blob';
  readonly digest: Digest;
}

export interface IntegrityOptions {
  readonly registry: Pick<Registry, 'getManifest' | 'hasBlob' | 'openBlob'>;
  /** The only platforms that were copied; all by default. */
  readonly platforms?: readonly Platform[] | undefined;
}

/**
 * Finds what a registry has lost of images whose tags still stand. Manifests are read and checked against
 * their digests; of blobs it is asked whether they are there and as long as they should be, which is all
 * that can be known without reading them. What images of a repository share is asked once.
 */
export class Integrity {
  readonly #options: IntegrityOptions;
  /** By repository and digest. */
  readonly #blobs = new Map<string, Promise<boolean>>();

  constructor(options: IntegrityOptions) {
    this.#options = options;
  }

  /**
   * @returns each part once; empty for an image that is whole
   * @throws RegistryError the registry could not be asked; `REGISTRY_REFUSED`: nobody would copy such an
   *   image, so nobody looks through it either
   */
  async missingParts(image: DigestReference, options: Options): Promise<readonly MissingPart[]> {
    const root = await this.#read(image, image.digest, options);
    if (root === undefined) return [{ kind: 'manifest', digest: image.digest }];
    const whole = await this.#readTree(image, root, options);
    const { platforms } = this.#options;
    const tree = platforms === undefined ? whole : selectPlatforms(whole, platforms, image);
    const parts = await this.#missingOf(image, tree, options);
    return [...new Map(parts.map((part) => [part.digest, part])).values()];
  }

  /** With the indexes below the root, which tell the platforms; an index that is lost is a leaf. */
  async #readTree(image: DigestReference, root: Manifest, options: Options): Promise<ManifestTree> {
    let manifests = 0;
    const read = async (manifest: Manifest, depth: number): Promise<ManifestTree> => {
      const entries = childrenOf(manifest);
      manifests += entries.length;
      const why = whyTooMuch(depth, manifests);
      if (why !== undefined) refuse(image, why);
      const children = entries.map(async ({ digest, mediaType }): Promise<ManifestTree> => {
        const child = isIndex(mediaType) ? await this.#read(image, digest, options) : undefined;
        return child === undefined
          ? { digest, manifest: undefined, children: [] }
          : read(child, depth + 1);
      });
      return { digest: manifest.digest, manifest, children: await Promise.all(children) };
    };
    return read(root, 0);
  }

  async #missingOf(
    image: DigestReference,
    { digest, manifest, children }: ManifestTree,
    options: Options,
  ): Promise<readonly MissingPart[]> {
    const known = manifest ?? (await this.#read(image, digest, options));
    if (known === undefined) return [{ kind: 'manifest', digest }];
    if (known !== manifest && known.kind === 'index') {
      refuse(image, `it lists ${digest} as an image, which is an index`);
    }
    const [blobs, below] = await Promise.all([
      Promise.all(
        blobsOf(known).map(async (blob): Promise<readonly MissingPart[]> =>
          (await this.#hasBlob(image, blob, options))
            ? []
            : [{ kind: 'blob', digest: blob.digest }],
        ),
      ),
      Promise.all(children.map(async (child) => this.#missingOf(image, child, options))),
    ]);
    return [...blobs.flat(), ...below.flat()];
  }

  /** A manifest whose bytes are no longer what its digest says is as good as lost. */
  async #read(
    image: DigestReference,
    digest: Digest,
    options: Options,
  ): Promise<Manifest | undefined> {
    return ifServed(async () =>
      this.#options.registry.getManifest(atDigest(image, digest), options),
    );
  }

  async #hasBlob(image: DigestReference, blob: Descriptor, options: Options): Promise<boolean> {
    const key = `${formatRepository(image)}@${blob.digest}`;
    const asked = this.#blobs.get(key) ?? this.#askForBlob(image, blob, options);
    this.#blobs.set(key, asked);
    let isThere = false;
    try {
      isThere = await asked;
      return isThere;
    } finally {
      // What is missing may come.
      if (!isThere) this.#blobs.delete(key);
    }
  }

  async #askForBlob(image: DigestReference, blob: Descriptor, options: Options): Promise<boolean> {
    const { registry } = this.#options;
    if (await registry.hasBlob(image, blob.digest, { ...options, size: blob.size })) return true;
    // A storage behind the registry may refuse a HEAD and serve the blob all the same.
    const stream = await ifServed(async () => registry.openBlob(image, blob, options));
    stream?.destroy();
    return stream !== undefined;
  }
}

async function ifServed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isLost =
      error instanceof RegistryError &&
      (error.code === 'REGISTRY_NOT_FOUND' || error.code === 'DIGEST_MISMATCH');
    if (isLost) return undefined;
    throw error;
  }
}

function refuse(image: DigestReference, why: string): never {
  throw new RegistryError(
    'REGISTRY_REFUSED',
    `${formatReference(image)} is not looked through: ${why}. Such an image is not copied: see who put it there, and remove it.`,
    { side: 'target' },
  );
}
