import { digestOf, MediaType, type Manifest } from '../registry/manifest.ts';
import { atTag, type Digest, type DigestReference } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { fallbackTag } from '../signatures/discover.ts';
import type { CopySession } from './copy-session.ts';
import { addToFallbackIndex } from './fallback-index.ts';

/** The lists of what is attached, at the target: its own, and those we keep where it has none. */
export class TargetReferrers {
  readonly #target: Registry;
  /** By registry. */
  readonly #hasApi = new Map<string, boolean>();

  constructor(target: Registry) {
    this.#target = target;
  }

  /** The digests of what is listed as attached to a manifest. */
  async listed(subject: DigestReference, session: CopySession): Promise<ReadonlySet<Digest>> {
    const listed = await this.#target.referrers(subject, session.options);
    this.#hasApi.set(subject.registry, listed !== undefined);
    const members = listed ?? (await this.#readFallback(subject, session))?.manifests ?? [];
    return new Set(members.map(({ digest }) => digest));
  }

  /** Adds what the registry does not list itself to the list under the fallback tag. */
  async addUnlisted(
    subject: DigestReference,
    referrers: readonly Manifest[],
    session: CopySession,
  ): Promise<void> {
    if (referrers.length === 0) return;
    const current = await this.#readFallback(subject, session);
    const bytes = addToFallbackIndex(current, referrers);
    if (bytes === undefined) return;
    const reference = atTag(subject, fallbackTag(subject));
    const mediaType = current?.mediaType ?? MediaType.ociIndex;
    const index = { bytes, mediaType, digest: digestOf(bytes) };
    await this.#target.putManifest(reference, index, session.options);
    session.tally.manifests += 1;
  }

  /**
   * Whether the registry keeps the list itself. ECR has answered `OCI-Subject` without any list to
   * ask for: only the list is proof.
   */
  async hasApi(subject: DigestReference, session: CopySession): Promise<boolean> {
    let known = this.#hasApi.get(subject.registry);
    if (known === undefined) {
      known = (await this.#target.referrers(subject, session.options)) !== undefined;
      this.#hasApi.set(subject.registry, known);
    }
    return known;
  }

  /** The list under the fallback tag; not the image, which GitLab and `cosign copy` show there. */
  async #readFallback(
    subject: DigestReference,
    session: CopySession,
  ): Promise<(Manifest & { readonly kind: 'index' }) | undefined> {
    const reference = atTag(subject, fallbackTag(subject));
    const found = await this.#target.getManifest(reference, session.options);
    return found?.kind === 'index' && found.digest !== subject.digest ? found : undefined;
  }
}
