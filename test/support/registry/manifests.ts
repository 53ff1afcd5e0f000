import { digestOf, parseManifest } from '../../../src/registry/manifest.ts';
import { isDigest, isTag } from '../../../src/registry/reference.ts';
import { errorMessage } from '../../../src/errors.ts';
import {
  errorAnswer,
  jsonAnswer,
  type Answer,
  type RegistryRequest,
  type RequestBody,
} from './exchange.ts';
import type { RegistryStore, RepositoryStore } from './store.ts';

const MAX_PUSHED_BYTES = 4 * 1024 * 1024;

export interface ManifestRules {
  readonly referrersApi: boolean;
  readonly referrersPageSize: number;
  /** Whether an index may lead to manifests that are not there. */
  readonly sparseIndexes: boolean;
}

/** HEAD and GET of a manifest. */
export function readManifest(store: RegistryStore, name: string, reference: string): Answer {
  const repository = store.repositories.get(name);
  if (repository === undefined) return errorAnswer(404, 'NAME_UNKNOWN', `no repository ${name}`);
  const stored = repository.find(reference);
  if (stored === undefined) return errorAnswer(404, 'MANIFEST_UNKNOWN', `no manifest ${reference}`);
  return {
    status: 200,
    headers: { 'content-type': stored.mediaType, 'docker-content-digest': stored.digest },
    body: stored.bytes,
  };
}

/** PUT of a manifest: what it refers to must be there already. */
export function writeManifest(
  repository: RepositoryStore,
  path: { readonly name: string; readonly reference: string },
  request: RegistryRequest,
  { bytes }: RequestBody,
  rules: ManifestRules,
): Answer {
  if (bytes.byteLength > MAX_PUSHED_BYTES) {
    return errorAnswer(413, 'SIZE_INVALID', 'the manifest is too large');
  }
  const { name, reference } = path;
  const digest = digestOf(bytes);
  if (isDigest(reference) ? reference !== digest : !isTag(reference)) {
    return errorAnswer(400, 'DIGEST_INVALID', `${reference} does not name these bytes`);
  }
  const mediaType = request.headers['content-type'] ?? '';
  let manifest;
  try {
    manifest = parseManifest(bytes, mediaType);
  } catch (error) {
    return errorAnswer(400, 'MANIFEST_INVALID', errorMessage(error));
  }
  const missing = repository.missing(manifest);
  if (missing.length > 0 && !(manifest.kind === 'index' && rules.sparseIndexes)) {
    return errorAnswer(404, 'MANIFEST_BLOB_UNKNOWN', `unknown here: ${missing.join(', ')}`);
  }
  repository.putManifest({ bytes, mediaType }, isDigest(reference) ? undefined : reference);
  const subject = rules.referrersApi ? manifest.subject?.digest : undefined;
  return {
    status: 201,
    headers: {
      location: `/v2/${name}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(subject === undefined ? {} : { 'oci-subject': subject }),
    },
  };
}

/** DELETE of a tag, or of a manifest with all its tags. */
export function deleteManifest(repository: RepositoryStore, reference: string): Answer {
  const stored = repository.find(reference);
  if (stored === undefined) return errorAnswer(404, 'MANIFEST_UNKNOWN', `no manifest ${reference}`);
  for (const [tag, digest] of repository.tags) {
    if (tag === reference || digest === reference) repository.tags.delete(tag);
  }
  if (isDigest(reference)) repository.manifests.delete(reference);
  return { status: 202 };
}

/** The referrers API, page by page. */
export function listReferrers(
  store: RegistryStore,
  path: { readonly name: string; readonly reference: string },
  query: URLSearchParams,
  rules: ManifestRules,
): Answer {
  const { name, reference } = path;
  if (!rules.referrersApi) return errorAnswer(404, 'UNSUPPORTED', 'no referrers API');
  if (!isDigest(reference)) return errorAnswer(400, 'DIGEST_INVALID', `not a digest: ${reference}`);
  const all = store.repositories.get(name)?.referrers(reference) ?? [];
  const start = Number(query.get('page') ?? 0);
  const end = start + rules.referrersPageSize;
  const link = `</v2/${name}/referrers/${reference}?page=${end}>; rel="next"`;
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return jsonAnswer(
    200,
    { schemaVersion: 2, mediaType, manifests: all.slice(start, end) },
    { 'content-type': mediaType, ...(end < all.length ? { link } : {}) },
  );
}

export function listTags(store: RegistryStore, name: string): Answer {
  const repository = store.repositories.get(name);
  if (repository === undefined) return errorAnswer(404, 'NAME_UNKNOWN', `no repository ${name}`);
  return jsonAnswer(200, { name, tags: [...repository.tags.keys()].toSorted() });
}
