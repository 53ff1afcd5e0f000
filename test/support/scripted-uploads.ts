import { digestOf } from '../../src/registry/manifest.ts';
import { refusal, type Script, type ScriptedAnswer, type SeenRequest } from './scripted-server.ts';

/** Cuts the connection when so many bytes of the body have reached the session. */
export interface CutAfter {
  readonly keep: number;
}

/** How a registry takes blobs. A rule that returns `undefined` leaves the usual behaviour. */
export interface UploadRules {
  readonly mount?: (request: SeenRequest) => ScriptedAnswer | undefined;
  readonly singlePost?: (request: SeenRequest) => ScriptedAnswer | 'session' | undefined;
  /** @param held - bytes the session holds */
  readonly put?: (request: SeenRequest, held: number) => ScriptedAnswer | CutAfter | undefined;
  readonly patch?: (request: SeenRequest, held: number) => ScriptedAnswer | CutAfter | undefined;
  readonly status?: (held: number) => ScriptedAnswer | undefined;
  /** The `Location` of a session's next step. */
  readonly location?: (id: string, step: number) => string;
}

export interface ScriptedUploads {
  readonly script: Script;
  /** Finished blobs by digest. */
  readonly stored: ReadonlyMap<string, Buffer>;
}

/** A registry's upload endpoints, strict about sessions, digests and the order of pieces. */
export function scriptedUploads(rules: UploadRules = {}): ScriptedUploads {
  const stored = new Map<string, Buffer>();
  const sessions = new Map<string, Buffer>();
  let begun = 0;
  let steps = 0;
  const locate =
    rules.location ?? ((id, step) => `/v2/acme/app/blobs/uploads/${id}?_state=${step}`);

  const next = (id: string, status: number): ScriptedAnswer => {
    steps += 1;
    const held = sessions.get(id)?.byteLength ?? 0;
    return {
      status,
      headers: { location: locate(id, steps), range: `0-${Math.max(held - 1, 0)}` },
    };
  };
  const open = (): ScriptedAnswer => {
    begun += 1;
    const id = `session-${begun}`;
    sessions.set(id, Buffer.alloc(0));
    return next(id, 202);
  };
  const finish = (digest: string | null, content: Buffer): ScriptedAnswer => {
    if (digest !== digestOf(content)) return refusal(400, 'DIGEST_INVALID');
    stored.set(digest, content);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  };
  const post = (request: SeenRequest, query: URLSearchParams): ScriptedAnswer => {
    if (query.has('mount')) return rules.mount?.(request) ?? open();
    if (!query.has('digest')) return open();
    const given = rules.singlePost?.(request);
    if (given === 'session') return open();
    return given ?? finish(query.get('digest'), request.body);
  };
  const patch = (request: SeenRequest, id: string, held: Buffer): ScriptedAnswer => {
    const range = request.headers['content-range'];
    const end = held.byteLength + request.body.byteLength - 1;
    if (range !== undefined && range !== `${held.byteLength}-${end}`) {
      return refusal(416, 'BLOB_UPLOAD_INVALID');
    }
    sessions.set(id, Buffer.concat([held, request.body]));
    return next(id, 202);
  };

  const script: Script = (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://registry');
    if (request.method === 'POST') return post(request, searchParams);
    const id = /session-\d+/.exec(pathname)?.[0] ?? '';
    const held = sessions.get(id);
    if (held === undefined) return refusal(404, 'BLOB_UPLOAD_UNKNOWN');
    if (request.method === 'GET') return rules.status?.(held.byteLength) ?? next(id, 204);
    const rule = request.method === 'PATCH' ? rules.patch : rules.put;
    const given = rule?.(request, held.byteLength);
    if (given !== undefined && 'keep' in given) {
      sessions.set(id, Buffer.concat([held, request.body.subarray(0, given.keep)]));
      return 'cut';
    }
    if (given !== undefined) return given;
    if (request.method === 'PATCH') return patch(request, id, held);
    sessions.delete(id);
    return finish(searchParams.get('digest'), Buffer.concat([held, request.body]));
  };
  return { script, stored };
}
