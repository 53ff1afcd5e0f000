import type { Logger } from '../log.ts';
import { digestOf, MediaType, type Manifest } from '../registry/manifest.ts';
import {
  atDigest,
  atTag,
  formatReference,
  type Digest,
  type DigestReference,
  type TagReference,
} from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { fallbackTag, type Attachment } from '../signatures/discover.ts';
import type { Attached } from './attachment-search.ts';
import { mergeClassic } from './classic-merge.ts';
import type { CopySession } from './copy-session.ts';
import { addToFallbackIndex } from './fallback-index.ts';
import { readTree } from './manifest-tree.ts';
import { SingleFlight } from './single-flight.ts';
import type { TreeWriter } from './tree-writer.ts';

export interface AttachmentWriterDependencies {
  readonly source: Registry;
  readonly target: Registry;
  readonly writer: TreeWriter;
  readonly logger: Logger;
}

/** Writes signatures, attestations and SBOMs to where readers of the target look for them. */
export class AttachmentWriter {
  readonly #source: Registry;
  readonly #target: Registry;
  readonly #writer: TreeWriter;
  readonly #logger: Logger;
  /** By subject: the fallback list is read, changed and written, which two must not do at once. */
  readonly #subjects = new SingleFlight();
  /** By registry: whether it lists referrers itself. */
  readonly #hasReferrersApi = new Map<string, boolean>();

  constructor({ source, target, writer, logger }: AttachmentWriterDependencies) {
    this.#source = source;
    this.#target = target;
    this.#writer = writer;
    this.#logger = logger;
  }

  /**
   * Writes all that is attached to one manifest.
   *
   * @param isNew - the image was not at the target, so nothing is likely to be attached to it there
   */
  async write(attached: Attached, session: CopySession, isNew: boolean): Promise<void> {
    const subject = atDigest(session.target, attached.subject);
    await this.#subjects.run(
      formatReference(subject),
      () => this.#write(subject, attached.attachments, session, isNew),
      session.stopped,
    );
  }

  async #write(
    subject: DigestReference,
    attachments: readonly Attachment[],
    session: CopySession,
    isNew: boolean,
  ): Promise<void> {
    const listed = isNew ? new Set<Digest>() : await this.#listedAtTarget(subject, session);
    const missing = attachments.filter(
      ({ tag, manifest }) => tag !== undefined || !listed.has(manifest.digest),
    );
    const unlisted: Manifest[] = [];
    // One after another: of several referrers of one subject that are put at once, olareg 0.1.2
    // loses all but one from its list, though it answers `OCI-Subject` to each.
    for (const { tag, manifest } of missing) {
      const isListed =
        tag === undefined
          ? await this.#putManifest(manifest, subject, session)
          : await this.#putClassic(manifest, atTag(subject, tag), session);
      // A classic tag needs no list, unless its manifest names a subject as well.
      const isReferrer = manifest.subject?.digest === subject.digest;
      if (isReferrer && !isListed && !listed.has(manifest.digest)) unlisted.push(manifest);
    }
    await this.#addToFallback(subject, unlisted, session);
  }

  /** @returns whether the registry lists it as a referrer */
  async #putManifest(
    manifest: Manifest,
    reference: DigestReference | TagReference,
    session: CopySession,
  ): Promise<boolean> {
    const at = reference.kind === 'tag' ? reference : atDigest(reference, manifest.digest);
    const tree = await readTree(this.#source, manifest, session);
    await this.#writer.writeContents(tree, session);
    const { subjectIndexed } = await this.#writer.writeManifest(tree, at, session);
    if (!subjectIndexed || manifest.subject === undefined) return false;
    return this.#listsReferrers(atDigest(reference, manifest.subject.digest), session);
  }

  async #putClassic(
    manifest: Manifest,
    reference: TagReference,
    session: CopySession,
  ): Promise<boolean> {
    const { options } = session;
    const held = await this.#target.head(reference, options);
    if (held?.digest === manifest.digest) return false;
    const atTarget = held && (await this.#target.getManifest(reference, options));
    // An SBOM is replaced, not added to: two would contradict each other.
    const merge =
      atTarget === undefined || reference.tag.endsWith('.sbom')
        ? { kind: 'replace' as const }
        : mergeClassic(atTarget, manifest);
    if (merge.kind === 'keep') return false;
    if (merge.kind === 'replace') return this.#putManifest(manifest, reference, session);
    this.#logger.info('the target has signatures of its own; adding to them', {
      tag: formatReference(reference),
    });
    const tree = await readTree(this.#source, manifest, session);
    await this.#writer.writeContents(tree, session);
    await this.#target.putManifest(reference, merge.manifest, options);
    session.tally.manifests += 1;
    return false;
  }

  async #listedAtTarget(
    subject: DigestReference,
    session: CopySession,
  ): Promise<ReadonlySet<Digest>> {
    const listed = await this.#target.referrers(subject, session.options);
    this.#hasReferrersApi.set(subject.registry, listed !== undefined);
    const members = listed ?? (await this.#readFallback(subject, session))?.manifests ?? [];
    return new Set(members.map(({ digest }) => digest));
  }

  async #addToFallback(
    subject: DigestReference,
    referrers: readonly Manifest[],
    session: CopySession,
  ): Promise<void> {
    if (referrers.length === 0) return;
    const bytes = addToFallbackIndex(await this.#readFallback(subject, session), referrers);
    if (bytes === undefined) return;
    const reference = atTag(subject, fallbackTag(subject));
    const index = { bytes, mediaType: MediaType.ociIndex, digest: digestOf(bytes) };
    await this.#target.putManifest(reference, index, session.options);
    session.tally.manifests += 1;
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

  /** ECR answers `OCI-Subject` and yet has had no list to ask for: only the list itself is proof. */
  async #listsReferrers(subject: DigestReference, session: CopySession): Promise<boolean> {
    let known = this.#hasReferrersApi.get(subject.registry);
    if (known === undefined) {
      known = (await this.#target.referrers(subject, session.options)) !== undefined;
      this.#hasReferrersApi.set(subject.registry, known);
    }
    return known;
  }
}
