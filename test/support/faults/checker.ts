import { createHash } from 'node:crypto';

// Nothing of the product is used here: what it is wrong about must not be wrong here as well.

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
}

/** Looks at a registry directly, as its users do. */
export class RegistryChecker {
  readonly #url: string;
  /** Of which all was there, by repository and digest: nothing takes content away. */
  readonly #whole = new Set<string>();

  /** @param url - of the real server */
  constructor(url: string) {
    this.#url = url;
  }

  async tags(repository: string): Promise<readonly string[]> {
    const answer = await get(`${this.#url}/v2/${repository}/tags/list`);
    if (answer.status === 404) return [];
    const { tags } = (await answer.json()) as { tags: readonly string[] | null };
    return tags ?? [];
  }

  /** The digest of the bytes that are served; `undefined`: none are. */
  async digestAt(repository: string, reference: string): Promise<string | undefined> {
    const bytes = await this.#manifest(repository, reference);
    return bytes === undefined ? undefined : digestOf(bytes);
  }

  /** What is wrong with what a tag or digest leads to, down to the last byte of the last blob. */
  async wrongWith(repository: string, reference: string): Promise<readonly string[]> {
    const bytes = await this.#manifest(repository, reference);
    const name = `${repository} ${reference}`;
    if (bytes === undefined) return [`${name} is not served`];
    const digest = digestOf(bytes);
    if (reference.startsWith('sha256:') && digest !== reference) {
      return [`${name} is served as ${digest}`];
    }
    if (this.#whole.has(`${repository} ${digest}`)) return [];
    const manifest = JSON.parse(bytes.toString()) as {
      readonly manifests?: readonly Descriptor[];
      readonly config?: Descriptor;
      readonly layers?: readonly Descriptor[];
    };
    const children = manifest.manifests ?? [];
    const blobs = [manifest.config, ...(manifest.layers ?? [])].filter(
      (each) => each !== undefined,
    );
    const wrong = await Promise.all([
      ...children.map(async (child) => this.wrongWith(repository, child.digest)),
      ...blobs.map(async (blob) => this.#wrongWithBlob(repository, blob)),
    ]);
    if (wrong.flat().length === 0) this.#whole.add(`${repository} ${digest}`);
    return wrong.flat().map((each) => `${name} → ${each}`);
  }

  /** The digests of what says that it belongs to an image, by the API and by the fallback tag. */
  async referrers(repository: string, digest: string): Promise<readonly string[]> {
    const answers = await Promise.all(
      [`referrers/${digest}`, `manifests/${digest.replace(':', '-')}`].map(async (path) =>
        get(`${this.#url}/v2/${repository}/${path}`, { headers: { accept: ACCEPT } }),
      ),
    );
    const lists = await Promise.all(
      answers.map(async (answer) => (answer.ok ? answer.json() : (await answer.text(), {}))),
    );
    // Some say null for none.
    return (lists as { readonly manifests?: readonly Descriptor[] | null }[]).flatMap(
      ({ manifests }) => (manifests ?? []).map((each) => each.digest),
    );
  }

  async #wrongWithBlob(
    repository: string,
    { digest, size }: Descriptor,
  ): Promise<readonly string[]> {
    const answer = await get(`${this.#url}/v2/${repository}/blobs/${digest}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status !== 200) return [`blob ${digest} is answered with ${answer.status}`];
    if (bytes.length !== size) return [`blob ${digest} has ${bytes.length} bytes, not ${size}`];
    return digestOf(bytes) === digest ? [] : [`blob ${digest} has other content`];
  }

  async #manifest(repository: string, reference: string): Promise<Buffer | undefined> {
    const answer = await get(`${this.#url}/v2/${repository}/manifests/${reference}`, {
      headers: { accept: ACCEPT },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return answer.status === 200 ? bytes : undefined;
  }
}

/** As often as it takes: a server may close a kept connection just when it is taken up again. */
async function get(url: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (tries === 4) throw error;
    }
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
