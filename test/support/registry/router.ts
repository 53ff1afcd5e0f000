import type { Scope } from './auth.ts';
import { readBlob, type Uploads } from './blobs.ts';
import {
  errorAnswer,
  jsonAnswer,
  type Answer,
  type RegistryRequest,
  type RequestBody,
} from './exchange.ts';
import {
  deleteManifest,
  listReferrers,
  listTags,
  readManifest,
  writeManifest,
  type ManifestRules,
} from './manifests.ts';
import type { RegistryStore } from './store.ts';

/** What a path of the distribution API names. */
export interface Route {
  readonly resource: 'ping' | 'manifest' | 'blob' | 'upload' | 'referrers' | 'tags' | 'unknown';
  /** Repository. */
  readonly name: string;
  /** Tag, digest or upload session. */
  readonly reference: string;
}

const PATTERNS: readonly (readonly [Route['resource'], RegExp])[] = [
  ['ping', /^\/v2\/?$/],
  ['upload', /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/],
  ['blob', /^\/v2\/(.+)\/blobs\/([^/]+)$/],
  ['manifest', /^\/v2\/(.+)\/manifests\/([^/]+)$/],
  ['referrers', /^\/v2\/(.+)\/referrers\/([^/]+)$/],
  ['tags', /^\/v2\/(.+)\/tags\/list$/],
];

export function routeOf(path: string): Route {
  for (const [resource, pattern] of PATTERNS) {
    const match = pattern.exec(path);
    if (match !== null) {
      const [, name = '', reference = ''] = match;
      return { resource, name, reference: decodeURIComponent(reference) };
    }
  }
  return { resource: 'unknown', name: '', reference: '' };
}

/** What a request must be allowed to do; a mount also reads the repository it mounts from. */
export function scopesOf(route: Route, request: RegistryRequest): readonly Scope[] {
  if (route.name === '') return [];
  const actions: Scope['actions'] =
    request.method === 'GET' || request.method === 'HEAD'
      ? ['pull']
      : request.method === 'DELETE' && route.resource === 'manifest'
        ? ['delete']
        : ['pull', 'push'];
  const from = request.method === 'POST' ? request.query.get('from') : null;
  const own: Scope = { name: route.name, actions };
  return from === null ? [own] : [own, { name: from, actions: ['pull'] }];
}

/** Hands a request that may pass to whoever answers it. */
export function dispatch(
  route: Route,
  request: RegistryRequest,
  body: RequestBody,
  registry: {
    readonly store: RegistryStore;
    readonly uploads: Uploads;
    readonly rules: ManifestRules;
  },
): Answer {
  const { store, uploads, rules } = registry;
  const { resource, name, reference } = route;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (resource === 'ping' && reads) {
    return jsonAnswer(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
  }
  if (resource === 'manifest') {
    if (reads) return readManifest(store, name, reference);
    if (request.method === 'DELETE') return deleteManifest(store.repository(name), reference);
    if (request.method === 'PUT') {
      return writeManifest(store.repository(name), { name, reference }, request, body, rules);
    }
  }
  if (resource === 'blob' && reads) return readBlob(store, name, reference, request);
  if (resource === 'upload') {
    if (reference !== '') return uploads.proceed(name, reference, request, body);
    if (request.method === 'POST') return uploads.start(name, request, body);
  }
  if (resource === 'referrers' && reads) {
    return listReferrers(store, { name, reference }, request.query, rules);
  }
  if (resource === 'tags' && reads) return listTags(store, name);
  return errorAnswer(404, 'UNSUPPORTED', `${request.method} ${request.path}`);
}
