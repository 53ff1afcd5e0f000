import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to the next upload; `after`: it is stored before it fails. */
export type AzureFault = { readonly after?: boolean } & (
  | { readonly status: number; readonly code: string }
  | { readonly reset: true }
);

export interface AzureRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
}

interface Blob {
  readonly etag: string;
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As much of Azure Blob Storage as a map needs, in process, without checking signatures. */
export class FakeAzure {
  /** Taken from the front, one by each upload. */
  readonly faults: AzureFault[] = [];
  readonly requests: AzureRequest[] = [];
  /** Answers instead of the store, while set. */
  outage: { readonly status: number; readonly code: string } | undefined;
  /** Somebody holds a lease on every blob. */
  isLeased = false;
  readonly #containers = new Map<string, Map<string, Blob>>();
  #count = 0;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async start(): Promise<FakeAzure> {
    const fake = new FakeAzure();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  /** Base URL of the account `acct`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/acct`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  createContainer(name: string): void {
    this.#containers.set(name, new Map());
  }

  put(container: string, key: string, body: string | Uint8Array): void {
    this.#store(container, key, Buffer.from(body as Uint8Array), {});
  }

  text(container: string, key: string): string | undefined {
    return this.#containers.get(container)?.get(key)?.body.toString();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', headers } = request;
    const url = new URL(request.url ?? '', this.endpoint);
    this.requests.push({ method, url, headers });
    const fail = (status: number, code: string): void => {
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} of a test.\nRequestId:1</Message></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code });
      response.end(body);
    };
    if (this.outage !== undefined) return fail(this.outage.status, this.outage.code);
    const [, , container = '', ...path] = url.pathname.split('/');
    const key = decodeURIComponent(path.join('/'));
    const blobs = this.#containers.get(container);
    if (blobs === undefined) return fail(404, 'ContainerNotFound');
    const found = blobs.get(key);
    if (method === 'PUT') {
      const fault = this.faults.shift();
      const happen = (): void =>
        fault !== undefined && 'code' in fault
          ? fail(fault.status, fault.code)
          : void request.socket.destroy();
      if (fault !== undefined && fault.after !== true) return happen();
      if (this.isLeased) return fail(412, 'LeaseIdMissing');
      if (headers['if-none-match'] === '*' && found) return fail(409, 'BlobAlreadyExists');
      const match = headers['if-match'];
      if (match !== undefined && match !== found?.etag) return fail(412, 'ConditionNotMet');
      const { etag } = this.#store(container, key, Buffer.concat(chunks), metadataOf(headers));
      if (fault !== undefined) return happen();
      return void response.writeHead(201, { etag }).end();
    }
    if (found === undefined) return fail(404, 'BlobNotFound');
    if (method === 'DELETE') {
      blobs.delete(key);
      return void response.writeHead(202).end();
    }
    response.writeHead(200, {
      etag: found.etag,
      'content-length': found.body.byteLength,
      'x-ms-blob-type': 'BlockBlob',
      ...found.metadata,
    });
    response.end(found.body);
  }

  #store(container: string, key: string, body: Buffer, metadata: Blob['metadata']): Blob {
    this.#count += 1;
    const blob = { etag: `"0x${this.#count}"`, body, metadata };
    this.#containers.get(container)?.set(key, blob);
    return blob;
  }
}

function metadataOf(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-ms-meta-'))
      .map(([name, value]) => [name, String(value)]),
  );
}
