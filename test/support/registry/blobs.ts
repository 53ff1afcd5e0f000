import { randomUUID } from 'node:crypto';
import { digestOf } from '../../../src/registry/manifest.ts';
import { isDigest, type Digest } from '../../../src/registry/reference.ts';
import { errorAnswer, type Answer, type RegistryRequest, type RequestBody } from './exchange.ts';
import type { RegistryStore } from './store.ts';

export interface BlobRules {
  /** Whether a blob of another repository can be mounted. */
  readonly mounts: boolean;
  /** Whether one POST with a digest and a body is enough; registries may answer 202 instead. */
  readonly singlePost: boolean;
}

/** HEAD and GET of a blob, whole or from a byte on. */
export function readBlob(
  store: RegistryStore,
  name: string,
  digest: string,
  request: RegistryRequest,
): Answer {
  const bytes = store.repositories.get(name)?.blobs.get(digest as Digest);
  if (bytes === undefined) return errorAnswer(404, 'BLOB_UNKNOWN', `no blob ${digest} in ${name}`);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) return { status: 200, headers, body: bytes };
  const start = Number(range[1]);
  const end = range[2] === '' ? bytes.byteLength - 1 : Math.min(Number(range[2]), bytes.length - 1);
  if (start > end) {
    return { status: 416, headers: { 'content-range': `bytes */${bytes.byteLength}` } };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.byteLength}` },
    body: bytes.subarray(start, end + 1),
  };
}

/** Upload sessions of one registry. */
export class Uploads {
  readonly #sessions: Map<string, { readonly name: string; readonly parts: Uint8Array[] }> =
    new Map();
  readonly #store: RegistryStore;
  readonly #rules: BlobRules;

  constructor(store: RegistryStore, rules: BlobRules) {
    this.#store = store;
    this.#rules = rules;
  }

  /** Sessions begun and not finished. */
  get open(): number {
    return this.#sessions.size;
  }

  /** POST: mounts, takes the whole blob, or opens a session. */
  start(name: string, request: RegistryRequest, body: RequestBody): Answer {
    const mount = request.query.get('mount');
    const from = request.query.get('from');
    if (this.#rules.mounts && mount !== null && from !== null) {
      const bytes = this.#store.repositories.get(from)?.blobs.get(mount as Digest);
      if (bytes !== undefined) {
        this.#store.repository(name).putBlob(bytes);
        return created(name, mount);
      }
    }
    const digest = request.query.get('digest');
    if (digest !== null && this.#rules.singlePost) {
      return body.complete ? this.#keep(name, digest, body.bytes) : cut();
    }
    const id = randomUUID();
    this.#sessions.set(id, { name, parts: [] });
    return this.#progress(id, 202);
  }

  /** GET, PATCH, PUT and DELETE of a session. */
  proceed(name: string, id: string, request: RegistryRequest, body: RequestBody): Answer {
    const session = this.#sessions.get(id);
    if (session?.name !== name) return errorAnswer(404, 'BLOB_UPLOAD_UNKNOWN', `no upload ${id}`);
    switch (request.method) {
      case 'GET':
        return this.#progress(id, 204);
      case 'PATCH':
      case 'PUT':
        return this.#append(id, session, request, body);
      case 'DELETE':
        this.#sessions.delete(id);
        return { status: 204 };
      default:
        return errorAnswer(405, 'UNSUPPORTED', `${request.method} of an upload`);
    }
  }

  #append(
    id: string,
    session: { readonly name: string; readonly parts: Uint8Array[] },
    request: RegistryRequest,
    body: RequestBody,
  ): Answer {
    const range = /^(\d+)-(\d+)$/.exec(request.headers['content-range'] ?? '');
    if (range !== null && Number(range[1]) !== sizeOf(session.parts)) {
      return this.#progress(id, 416);
    }
    session.parts.push(body.bytes);
    if (!body.complete) return cut();
    if (request.method === 'PATCH') return this.#progress(id, 202);
    this.#sessions.delete(id);
    const digest = request.query.get('digest') ?? '';
    return this.#keep(session.name, digest, Buffer.concat(session.parts));
  }

  #keep(name: string, digest: string, bytes: Uint8Array): Answer {
    if (!isDigest(digest) || digestOf(bytes) !== digest) {
      return errorAnswer(400, 'DIGEST_INVALID', `these bytes are not ${digest}`);
    }
    this.#store.repository(name).putBlob(bytes);
    return created(name, digest);
  }

  #progress(id: string, status: number): Answer {
    const session = this.#sessions.get(id);
    const size = sizeOf(session?.parts ?? []);
    return {
      status,
      headers: {
        // As Distribution does: a query of its own that must survive, and changes every time.
        location: `/v2/${session?.name}/blobs/uploads/${id}?_state=${encodeURIComponent(`${size}+/=`)}`,
        range: `0-${Math.max(size - 1, 0)}`,
        'docker-upload-uuid': id,
      },
    };
  }
}

function created(name: string, digest: string): Answer {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
  };
}

function cut(): Answer {
  return { status: 499 };
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
