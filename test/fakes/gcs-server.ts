import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to the next upload; `after`: it is stored before it fails. */
export type GcsFault = { readonly after?: boolean } & (
  | { readonly status: number }
  | { readonly reset: true }
);

export interface GcsRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface StoredObject {
  readonly generation: bigint;
  readonly body: Buffer;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As much of Google Cloud Storage's JSON API as a map needs, in process. */
export class FakeGcsServer {
  /** Taken from the front, one by each upload. */
  readonly faults: GcsFault[] = [];
  readonly requests: GcsRequest[] = [];
  /** Answers instead of the store, while set. */
  outage: { readonly status: number; readonly message: string } | undefined;
  /** Names checksums that do not fit what was sent, as after damage on the way. */
  hasWrongChecksums = false;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  #generation = 1_700_000_000_000_000n;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async start(): Promise<FakeGcsServer> {
    const fake = new FakeGcsServer();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  createBucket(name: string): void {
    this.#buckets.set(name, new Map());
  }

  put(bucket: string, key: string, body: string | Uint8Array): void {
    this.#store(bucket, key, {
      body: Buffer.from(body as Uint8Array),
      contentType: 'text/plain',
      metadata: {},
    });
  }

  text(bucket: string, key: string): string | undefined {
    return this.#buckets.get(bucket)?.get(key)?.body.toString();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', headers } = request;
    const url = new URL(request.url ?? '', this.url);
    this.requests.push({ method, url, headers, body: body.toString() });
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const fail = (code: number, message: string): void => json(code, { error: { code, message } });
    const [, bucket = '', , encoded] = /\/b\/([^/]+)(\/o(?:\/(.+))?)?$/.exec(url.pathname) ?? [];
    const objects = this.#buckets.get(bucket);
    if (this.outage !== undefined) return fail(this.outage.status, this.outage.message);
    if (objects === undefined) return fail(404, 'The specified bucket does not exist.');
    if (method === 'POST') {
      const fault = this.faults.shift();
      const happen = (): void =>
        fault !== undefined && 'status' in fault
          ? fail(fault.status, 'a fault of a test')
          : void request.socket.destroy();
      if (fault !== undefined && fault.after !== true) return happen();
      const upload = parseMultipart(body, headers['content-type'] ?? '');
      const key = url.searchParams.get('name') ?? upload.key;
      const expected = url.searchParams.get('ifGenerationMatch');
      const current = objects.get(key)?.generation ?? 0n;
      if (expected !== null && BigInt(expected) !== current) return fail(412, 'conditionNotMet');
      const stored = this.#store(bucket, key, upload);
      return fault === undefined ? json(200, this.#resource(bucket, key, stored)) : happen();
    }
    if (encoded === undefined) return json(200, { kind: 'storage#objects', items: [] });
    const key = decodeURIComponent(encoded);
    const found = objects.get(key);
    if (found === undefined) return fail(404, `No such object: ${bucket}/${key}`);
    if (method === 'DELETE') {
      objects.delete(key);
      return void response.writeHead(204).end();
    }
    if (url.searchParams.get('alt') !== 'media')
      return json(200, this.#resource(bucket, key, found));
    response.writeHead(200, {
      'content-type': found.contentType,
      'x-goog-generation': String(found.generation),
      ...Object.fromEntries(
        Object.entries(found.metadata).map(([name, value]) => [`x-goog-meta-${name}`, value]),
      ),
    });
    response.end(found.body);
  }

  #store(bucket: string, key: string, what: Omit<StoredObject, 'generation'>): StoredObject {
    this.#generation += 1n;
    const stored = { ...what, generation: this.#generation };
    this.#buckets.get(bucket)?.set(key, stored);
    return stored;
  }

  #resource(bucket: string, name: string, stored: StoredObject): Record<string, unknown> {
    const checksums = this.hasWrongChecksums
      ? { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==', crc32c: 'AAAAAA==' }
      : {};
    return { bucket, name, generation: String(stored.generation), ...checksums };
  }
}

function parseMultipart(
  body: Buffer,
  contentType: string,
): Omit<StoredObject, 'generation'> & { readonly key: string } {
  const boundary = /boundary=['"]?([^'";]+)/.exec(contentType)?.[1] ?? '';
  const [, head = '', content = ''] = body.toString('latin1').split(`--${boundary}`);
  const resource = JSON.parse(Buffer.from(bodyOf(head), 'latin1').toString()) as {
    name?: string;
    contentType?: string;
    metadata?: Record<string, string>;
  };
  return {
    key: resource.name ?? '',
    body: Buffer.from(bodyOf(content), 'latin1'),
    contentType: resource.contentType ?? '',
    metadata: resource.metadata ?? {},
  };
}

function bodyOf(part: string): string {
  return part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '');
}
