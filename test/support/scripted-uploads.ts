import { digestOf } from '../../src/registry/manifest.ts';
import { refusal, type Script, type ScriptedAnswer, type SeenRequest } from './scripted-server.ts';

/** How a registry takes blobs. A rule that returns `undefined` leaves the usual behaviour. */
export interface UploadRules {
  readonly mount?: (request: SeenRequest) => ScriptedAnswer | undefined;
  readonly singlePost?: (request: SeenRequest) => ScriptedAnswer | 'session' | undefined;
  readonly put?: (request: SeenRequest, held: number) => ScriptedAnswer | 'cut' | undefined;
  readonly patch?: (request: SeenRequest, held: number) => ScriptedAnswer | 'cut' | undefined;
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

  const open = (): ScriptedAnswer => {
    begun += 1;
    const id = `session-${begun}`;
    sessions.set(id, Buffer.alloc(0));
    return next(id, 202);
  };
  const next = (id: string, status: number): ScriptedAnswer => {
    steps += 1;
    const held = sessions.get(id)?.byteLength ?? 0;
    return {
      status,
      headers: { location: locate(id, steps), range: `0-${Math.max(held - 1, 0)}` },
    };
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

  const script: Script = (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://registry');
    if (request.method === 'POST') return post(request, searchParams);
    const id = /session-\d+/.exec(pathname)?.[0] ?? '';
    const held = sessions.get(id);
    if (held === undefined) return refusal(404, 'BLOB_UPLOAD_UNKNOWN');
    if (request.method === 'PATCH') {
      const given = rules.patch?.(request, held.byteLength);
      if (given !== undefined) return given;
      const range = request.headers['content-range'];
      const end = held.byteLength + request.body.byteLength - 1;
      if (range !== undefined && range !== `${held.byteLength}-${end}`) {
        return refusal(416, 'BLOB_UPLOAD_INVALID');
      }
      sessions.set(id, Buffer.concat([held, request.body]));
      return next(id, 202);
    }
    const given = rules.put?.(request, held.byteLength);
    if (given !== undefined) return given;
    sessions.delete(id);
    return finish(searchParams.get('digest'), Buffer.concat([held, request.body]));
  };
  return { script, stored };
}
