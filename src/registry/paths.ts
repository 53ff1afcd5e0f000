import {
  formatReference,
  formatRepository,
  type Digest,
  type Reference,
  type Repository,
} from './reference.ts';
import type { Scope } from './auth/scope.ts';

/** Path of a manifest in the Distribution API. */
export function manifestPath(reference: Reference): string {
  const name = reference.kind === 'digest' ? reference.digest : reference.tag;
  return `/v2/${reference.repository}/manifests/${name}`;
}

/** Path of a blob. */
export function blobPath(repository: Repository, digest: Digest): string {
  return `/v2/${repository.repository}/blobs/${digest}`;
}

/** Path at which uploads begin. */
export function uploadsPath(repository: Repository): string {
  return `/v2/${repository.repository}/blobs/uploads/`;
}

/** Path of what is attached to a manifest. */
export function referrersPath(repository: Repository, digest: Digest): string {
  return `/v2/${repository.repository}/referrers/${digest}`;
}

export function pullScope({ repository }: Repository): Scope {
  return { repository, actions: 'pull' };
}

export function pushScope({ repository }: Repository): Scope {
  return { repository, actions: 'pull,push' };
}

/** A blob as messages name it. */
export function formatBlob(repository: Repository, digest: Digest): string {
  return `blob ${digest} of ${formatRepository(repository)}`;
}

/** A manifest as messages name it. */
export function formatManifest(reference: Reference): string {
  return `the manifest ${formatReference(reference)}`;
}
