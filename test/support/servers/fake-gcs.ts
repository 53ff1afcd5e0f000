import type { GcsPlace } from '../../../src/stores/place.ts';
import { binary } from './binaries.ts';
import { freePort, request, startProcess, temporaryFolder } from './server-process.ts';

/** fake-gcs-server: Google Cloud Storage's JSON API on loopback, conditions included. */
export class FakeGcs {
  readonly url: string;
  readonly stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.stop = stop;
  }

  static async start(): Promise<FakeGcs> {
    const { path: folder, remove } = await temporaryFolder('fake-gcs');
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const options = ['-scheme', 'http', '-backend', 'memory'];
    const listen = ['-host', '127.0.0.1', '-port', `${port}`, '-public-host', `127.0.0.1:${port}`];
    const server = await startProcess(
      [binary('fake-gcs-server'), ...options, ...listen],
      folder,
      async () => request(`${url}/_internal/healthcheck`).catch(() => undefined),
    );
    return new FakeGcs(url, async () => {
      await server.stop();
      await remove();
    });
  }

  /** A place of a store, in a bucket that is there. */
  place(bucket: string, key: string, more: Partial<GcsPlace> = {}): GcsPlace {
    return {
      kind: 'gs',
      bucket,
      key,
      endpoint: this.url,
      credentials: { kind: 'anonymous' },
      ...more,
    };
  }

  async createBucket(name: string): Promise<void> {
    await this.#send('POST', '/storage/v1/b?project=p', JSON.stringify({ name }));
  }

  async put(bucket: string, key: string, body: string | Uint8Array): Promise<void> {
    const query = `uploadType=media&name=${encodeURIComponent(key)}`;
    await this.#send('POST', `/upload/storage/v1/b/${bucket}/o?${query}`, body);
  }

  /** What is known of an object. */
  async metadata(bucket: string, key: string): Promise<Readonly<Record<string, unknown>>> {
    const path = `/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}`;
    return (await (await this.#send('GET', path)).json()) as Record<string, unknown>;
  }

  /** The keys with a prefix. */
  async keys(bucket: string, prefix: string): Promise<string[]> {
    return keysIn({ url: this.url, bucket }, prefix);
  }

  async #send(method: string, path: string, body?: string | Uint8Array): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: Buffer.from(body as Uint8Array) }),
      headers: { 'content-type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

/** The keys with a prefix, in a bucket of a server that runs. */
export async function keysIn(
  { url, bucket }: { readonly url: string; readonly bucket: string },
  prefix: string,
): Promise<string[]> {
  const answer = await fetch(
    `${url}/storage/v1/b/${bucket}/o?prefix=${encodeURIComponent(prefix)}`,
  );
  const { items = [] } = (await answer.json()) as { items?: { name: string }[] };
  return items.map(({ name }) => name);
}
