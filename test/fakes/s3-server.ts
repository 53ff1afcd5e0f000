import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a store differs from Amazon's. */
export type S3Quirk =
  /** Compares If-Match without quotes. */
  | 'unquoted'
  | 'ignores-conditions'
  /** Ignores If-Match alone. */
  | 'ignores-if-match'
  /** Answers 501 to conditions. */
  | 'refuses-conditions'
  /** Answers 501 to checksum headers and aws-chunked bodies. */
  | 'refuses-checksums'
  | 'no-etag';

/** What happens to the next PUT; `after`: it is stored before it fails. */
export type S3Fault = { readonly after?: boolean } & (
  | { readonly status: number; readonly code: string }
  | { readonly reset: true }
);

export interface S3Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Version {
  readonly id: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly isDeletion: boolean;
  readonly at: string;
}

/** As much of S3 as a map needs, in process, path style, without checking signatures. */
export class FakeS3 {
  readonly quirks: Set<S3Quirk> = new Set();
  /** Taken from the front, one by each PUT. */
  readonly faults: S3Fault[] = [];
  /** PUTs that go well before the first fault. */
  skipFaults = 0;
  readonly requests: S3Request[] = [];
  /** Called as a PUT arrives, before anything is stored. */
  onPut: (key: string) => void = () => undefined;
  /** Answers instead of the store, while set. */
  outage: { readonly status: number; readonly code: string } | undefined;
  readonly #buckets = new Map<string, Map<string, Version[]>>();
  readonly #versioned = new Set<string>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
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

  createBucket(name: string, { versioned = false }: { versioned?: boolean } = {}): void {
    this.#buckets.set(name, new Map());
    if (versioned) this.#versioned.add(name);
  }

  /** The keys of a bucket that hold something. */
  keys(bucket: string): string[] {
    const objects = this.#buckets.get(bucket) ?? new Map<string, Version[]>();
    return [...objects]
      .filter(([, versions]) => versions[0]?.isDeletion === false)
      .map(([key]) => key)
      .sort();
  }

  /** How many versions a key has, delete markers included. */
  versionCount(bucket: string, key: string): number {
    return this.#buckets.get(bucket)?.get(key)?.length ?? 0;
  }

  /** @returns the new version's id */
  put(
    bucket: string,
    key: string,
    body: string | Uint8Array,
    { base, at }: { readonly base?: string; readonly at?: Date } = {},
  ): string {
    const metadata: Record<string, string> =
      base === undefined ? {} : { 'x-amz-meta-sdr-mirror-base': base };
    const bytes = Buffer.from(body as Uint8Array);
    const version = { body: bytes, metadata, isDeletion: false };
    return this.#store(bucket, key, version, at).id;
  }

  /** Deletes as a person does: in a versioned bucket by a delete marker. */
  delete(bucket: string, key: string): void {
    if (this.#versioned.has(bucket)) {
      this.#store(bucket, key, { body: Buffer.alloc(0), metadata: {}, isDeletion: true });
    } else this.#buckets.get(bucket)?.delete(key);
  }

  /** Removes the versions of a key but the newest `count`, as a lifecycle rule does. */
  expire(bucket: string, key: string, count: number): void {
    const versions = this.#buckets.get(bucket)?.get(key) ?? [];
    this.#buckets.get(bucket)?.set(key, versions.slice(0, count));
  }

  text(bucket: string, key: string): string | undefined {
    return this.#buckets.get(bucket)?.get(key)?.[0]?.body.toString();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: target = '', headers } = request;
    this.requests.push({ method, url: target, headers });
    const url = new URL(target, this.url);
    const [bucket = '', ...path] = url.pathname.slice(1).split('/');
    const key = decodeURIComponent(path.join('/'));
    const fail = (status: number, code: string): void => {
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} of a test</Message></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
    };
    const objects = this.#buckets.get(bucket);
    if (this.outage !== undefined) return fail(this.outage.status, this.outage.code);
    if (objects === undefined) return fail(404, 'NoSuchBucket');
    if (method === 'PUT') {
      const answer = this.#put(bucket, key, Buffer.concat(chunks), headers);
      if ('reset' in answer) return void request.socket.destroy();
      if ('status' in answer) return fail(answer.status, answer.code);
      return void response.writeHead(200, this.#headersOf(bucket, answer)).end();
    }
    if (url.searchParams.has('versioning')) {
      const status = this.#versioned.has(bucket) ? '<Status>Enabled</Status>' : '';
      return void response.end(`<VersioningConfiguration>${status}</VersioningConfiguration>`);
    }
    if (key === '') return void response.end(this.#list(objects, url.searchParams));
    const id = url.searchParams.get('versionId');
    const versions = objects.get(key) ?? [];
    if (method === 'DELETE') {
      const others = versions.filter((version) => version.id !== id);
      if (id === null) this.delete(bucket, key);
      else objects.set(key, others);
      return void response.writeHead(204).end();
    }
    const found = id === null ? versions[0] : versions.find((version) => version.id === id);
    if (found === undefined || found.isDeletion)
      return fail(404, id === null ? 'NoSuchKey' : 'NoSuchVersion');
    response.writeHead(200, {
      ...this.#headersOf(bucket, found),
      'content-length': found.body.byteLength,
    });
    response.end(found.body);
  }

  #put(
    bucket: string,
    key: string,
    body: Buffer,
    headers: IncomingMessage['headers'],
  ): Version | Exclude<S3Fault, { after: true }> {
    this.onPut(key);
    this.skipFaults -= 1;
    const fault = this.skipFaults < 0 ? this.faults.shift() : undefined;
    if (fault !== undefined && fault.after !== true) return fault;
    const current = this.#buckets.get(bucket)?.get(key)?.[0];
    const present = current?.isDeletion === false ? current : undefined;
    const refusal = this.#refusal(headers, present);
    if (refusal !== undefined) return refusal;
    const metadata = Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith('x-amz-meta-'))
        .map(([name, value]) => [name, String(value)]),
    );
    const stored = this.#store(bucket, key, { body, metadata, isDeletion: false });
    return fault ?? stored;
  }

  #refusal(
    headers: IncomingMessage['headers'],
    present: Version | undefined,
  ): { readonly status: number; readonly code: string } | undefined {
    const isChecksummed = Object.keys(headers).some((name) => name.includes('checksum'));
    const isChunked = headers['content-encoding']?.includes('aws-chunked') === true;
    if (this.quirks.has('refuses-checksums') && (isChecksummed || isChunked)) {
      return { status: 501, code: 'NotImplemented' };
    }
    const match = headers['if-match'];
    const noneMatch = headers['if-none-match'];
    if (match === undefined && noneMatch === undefined) return undefined;
    if (this.quirks.has('refuses-conditions')) return { status: 501, code: 'NotImplemented' };
    if (this.quirks.has('ignores-conditions')) return undefined;
    if (noneMatch === '*' && present !== undefined) {
      return { status: 412, code: 'PreconditionFailed' };
    }
    if (match === undefined || this.quirks.has('ignores-if-match')) return undefined;
    if (present === undefined) return { status: 404, code: 'NoSuchKey' };
    const etag = this.quirks.has('unquoted') ? present.etag.replaceAll('"', '') : present.etag;
    return match === etag ? undefined : { status: 412, code: 'PreconditionFailed' };
  }

  #store(
    bucket: string,
    key: string,
    what: Omit<Version, 'id' | 'etag' | 'at'>,
    at: Date = new Date(),
  ): Version {
    const objects = this.#buckets.get(bucket);
    if (objects === undefined) throw new Error(`no bucket ${bucket}`);
    const etag = `"${createHash('md5').update(what.body).digest('hex')}"`;
    const version = { ...what, id: randomUUID(), etag, at: at.toISOString() };
    const older = this.#versioned.has(bucket) ? (objects.get(key) ?? []) : [];
    objects.set(key, [version, ...older]);
    return version;
  }

  #headersOf(bucket: string, version: Version): Record<string, string> {
    return {
      ...(this.quirks.has('no-etag') ? {} : { etag: version.etag }),
      ...(this.#versioned.has(bucket) ? { 'x-amz-version-id': version.id } : {}),
      ...version.metadata,
    };
  }

  #list(objects: ReadonlyMap<string, readonly Version[]>, query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? '';
    const entries = [...objects]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (!query.has('versions')) {
      const contents = entries
        .filter(([, [version]]) => version?.isDeletion === false)
        .map(
          ([key, [version]]) =>
            `<Contents><Key>${key}</Key><LastModified>${version?.at}</LastModified></Contents>`,
        );
      return `<ListBucketResult>${contents.join('')}</ListBucketResult>`;
    }
    const versions = entries.flatMap(([key, list]) =>
      list.map(({ id, at, isDeletion }, index) => {
        const tag = isDeletion ? 'DeleteMarker' : 'Version';
        return `<${tag}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${index === 0}</IsLatest><LastModified>${at}</LastModified></${tag}>`;
      }),
    );
    return `<ListVersionsResult>${versions.join('')}</ListVersionsResult>`;
  }
}
