import { ACCEPT_MANIFESTS } from '../../../src/registry/manifest.ts';
import { isDigest, type Digest } from '../../../src/registry/reference.ts';
import { RepositoryStore } from '../registry/store.ts';
import { enterIntoFallback, putBlob, putManifest, type RemoteRepository } from './push.ts';
import type { RegistryServer } from './registry-server.ts';

/**
 * A repository of a real registry with a copy of it here, that tests can look into and change: what is
 * put here goes there by `push`, and what others have put there comes here by `pull`.
 */
export class MirroredRepository {
  readonly store: RepositoryStore = new RepositoryStore();
  readonly #remote: RemoteRepository;
  readonly #pushed = new Set<string>();

  constructor(server: Pick<RegistryServer, 'url'>, repository: string) {
    this.#remote = { server, repository };
  }

  /** Puts there what was put here since. */
  async push(): Promise<void> {
    const { blobs, manifests, tags, hidden } = this.store;
    await Promise.all(
      [...blobs].map(async ([digest, bytes]) =>
        this.#once(digest, async () => putBlob(this.#remote, digest, bytes)),
      ),
    );
    for (const [digest, manifest] of manifests) {
      await this.#once(digest, async () => {
        const answer = await putManifest(this.#remote, digest, manifest);
        const isListed = answer.headers.get('oci-subject') !== null;
        if (!isListed && !hidden.has(digest)) await enterIntoFallback(this.#remote, manifest);
      });
    }
    for (const [tag, digest] of tags) {
      const manifest = manifests.get(digest);
      if (manifest === undefined) continue;
      await this.#once(`${tag} ${digest}`, async () => putManifest(this.#remote, tag, manifest));
    }
  }

  /** Looks there for all tags, and for what has one of these digests. */
  async pull(digests: Iterable<Digest>): Promise<void> {
    this.store.tags.clear();
    await Promise.all((await this.#tags()).map(async (tag) => this.#pullManifest(tag, tag)));
    const all = new Set([...digests, ...this.store.tags.values()]);
    await Promise.all([...all].map(async (digest) => this.#pullDigest(digest)));
  }

  async #pullDigest(digest: Digest): Promise<void> {
    if (await this.#pullManifest(digest)) return;
    if (!(await this.#ask('HEAD', `blobs/${digest}`)).ok) return;
    this.store.blobs.set(digest, new Uint8Array());
    this.#pushed.add(digest);
  }

  /** @returns whether it is there */
  async #pullManifest(reference: string, tag?: string): Promise<boolean> {
    const answer = await this.#ask('GET', `manifests/${reference}`);
    if (answer.status !== 200) return false;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const mediaType = answer.headers.get('content-type') ?? '';
    const digest = this.store.putManifest({ bytes, mediaType }, tag);
    this.#pushed.add(digest).add(`${tag} ${digest}`);
    if (isDigest(reference) && reference !== digest) throw new Error(`${reference} is ${digest}`);
    return true;
  }

  async #tags(): Promise<readonly string[]> {
    const answer = await this.#ask('GET', 'tags/list');
    if (!answer.ok) return [];
    return ((await answer.json()) as { readonly tags: readonly string[] | null }).tags ?? [];
  }

  async #once(what: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#pushed.has(what)) return;
    await work();
    this.#pushed.add(what);
  }

  async #ask(method: string, path: string): Promise<Response> {
    const { server, repository } = this.#remote;
    const url = `${server.url}/v2/${repository}/${path}`;
    return fetch(url, { method, headers: { accept: ACCEPT_MANIFESTS } });
  }
}
