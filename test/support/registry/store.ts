import {
  digestOf,
  isManifestMediaType,
  parseManifest,
  type Descriptor,
  type Manifest,
} from '../../../src/registry/manifest.ts';
import type { Digest } from '../../../src/registry/reference.ts';

/** A manifest as a registry keeps it. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What one repository holds; tests look into it and change it at will. */
export class RepositoryStore {
  readonly blobs: Map<Digest, Uint8Array> = new Map();
  readonly manifests: Map<Digest, StoredManifest> = new Map();
  readonly tags: Map<string, Digest> = new Map();
  /** Manifests that the referrers API leaves out, as if written before the registry had it. */
  readonly hidden: Set<Digest> = new Set();

  putBlob(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return digest;
  }

  putManifest(manifest: Pick<StoredManifest, 'bytes' | 'mediaType'>, tag?: string): Digest {
    const digest = digestOf(manifest.bytes);
    this.manifests.set(digest, { ...manifest, digest });
    if (tag !== undefined) this.tags.set(tag, digest);
    return digest;
  }

  /** The manifest a tag or a digest stands for. */
  find(reference: string): StoredManifest | undefined {
    return this.manifests.get((this.tags.get(reference) ?? reference) as Digest);
  }

  /** What a manifest refers to and this repository lacks. A subject may be absent: OCI says so. */
  missing(manifest: Manifest): readonly Digest[] {
    return referencesOf(manifest)
      .filter(({ mediaType, digest }) =>
        isManifestMediaType(mediaType) ? !this.manifests.has(digest) : !this.blobs.has(digest),
      )
      .map(({ digest }) => digest);
  }

  /** Descriptors of the manifests whose subject is `digest`, as the referrers API lists them. */
  referrers(digest: Digest): readonly Descriptor[] {
    return [...this.manifests.values()].flatMap((stored) => {
      const manifest = parseManifest(stored.bytes, stored.mediaType);
      const isListed = manifest.subject?.digest === digest && !this.hidden.has(manifest.digest);
      return isListed ? [referrerDescriptor(manifest)] : [];
    });
  }
}

/** The content of one registry, by repository. */
export class RegistryStore {
  readonly repositories: Map<string, RepositoryStore> = new Map();

  /** The repository of that name, made when there is none. */
  repository(name: string): RepositoryStore {
    const existing = this.repositories.get(name);
    if (existing !== undefined) return existing;
    const created = new RepositoryStore();
    this.repositories.set(name, created);
    return created;
  }
}

function referencesOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === 'index') return manifest.manifests;
  const layers = manifest.layers.filter(
    ({ mediaType, urls }) => urls === undefined && !/foreign|nondistributable/.test(mediaType),
  );
  return manifest.config === undefined ? layers : [manifest.config, ...layers];
}

function referrerDescriptor(manifest: Manifest): Descriptor {
  const artifactType =
    manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config?.mediaType : undefined);
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
}
