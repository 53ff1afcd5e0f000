import type { Logger } from '../log.ts';
import type { Manifest } from '../registry/manifest.ts';
import {
  atDigest,
  atTag,
  formatReference,
  type Digest,
  type DigestReference,
  type Repository,
  type TagReference,
} from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { Attachment } from '../signatures/discover.ts';
import type { Attached } from './attachment-search.ts';
import { mergeClassic } from './classic-merge.ts';
import type { CopySession } from './copy-session.ts';
import { readTree } from './manifest-tree.ts';
import { SingleFlight } from './single-flight.ts';
import { TargetReferrers } from './target-referrers.ts';
import type { TreeWriter } from './tree-writer.ts';

export interface AttachmentWriterDependencies {
  readonly source: Registry;
  readonly target: Registry;
  readonly writer: TreeWriter;
  readonly logger: Logger;
}

/** In what state of its image something is written that is attached to it. */
export interface Moment {
  /** The image was not at the target, so nothing is likely to be attached to it there. */
  readonly isNew: boolean;
  /** The writing of the image itself, which goes before any manifest that is attached to it. */
  readonly after: Promise<unknown>;
}

/** Writes signatures, attestations and SBOMs to where readers of the target look for them. */
export class AttachmentWriter {
  readonly #source: Registry;
  readonly #target: Registry;
  readonly #writer: TreeWriter;
  readonly #logger: Logger;
  readonly #referrers: TargetReferrers;
  /** By subject: the fallback list is read, changed and written, which two must not do at once. */
  readonly #subjects = new SingleFlight();

  constructor({ source, target, writer, logger }: AttachmentWriterDependencies) {
    this.#source = source;
    this.#target = target;
    this.#writer = writer;
    this.#logger = logger;
    this.#referrers = new TargetReferrers(target);
  }

  /** Brings the contents of what is attached, which depend on nothing, while the image's own come. */
  async bringContents(attached: readonly Attached[], session: CopySession): Promise<void> {
    const manifests = attached.flatMap(({ attachments }) => attachments);
    await session.all(manifests.map(({ manifest }) => this.#writeContents(manifest, session)));
  }

  /** Writes all that is attached to one manifest. */
  async write(attached: Attached, session: CopySession, moment: Moment): Promise<void> {
    const subject = atDigest(session.target, attached.subject);
    await this.#subjects.run(
      formatReference(subject),
      () => this.#write(subject, attached.attachments, session, moment),
      session.stopped,
    );
  }

  async #write(
    subject: DigestReference,
    attachments: readonly Attachment[],
    session: CopySession,
    moment: Moment,
  ): Promise<void> {
    const { isNew, after } = moment;
    const listed = isNew ? new Set<Digest>() : await this.#referrers.listed(subject, session);
    const isHeld = ({ tag, manifest }: Attachment): boolean =>
      tag === undefined && listed.has(manifest.digest);
    if (session.repairs) {
      for (const { manifest } of attachments.filter(isHeld)) {
        await this.#restore(manifest, subject, session);
      }
    }
    const missing = attachments.filter((attachment) => !isHeld(attachment));
    // A classic tag needs no list, unless its manifest names a subject as well.
    const isReferrer = ({ manifest }: Attachment): boolean =>
      manifest.subject?.digest === subject.digest;
    await session.all([
      this.#putReferrers(subject, missing.filter(isReferrer), session, { listed, after }),
      ...missing
        .filter((attachment) => !isReferrer(attachment))
        .map((attachment) => this.#put(attachment, subject, session, after)),
    ]);
  }

  /**
   * One after another: of several referrers of one subject that are put at once, olareg 0.1.2 loses
   * all but one from its list, though it answers `OCI-Subject` to each.
   */
  async #putReferrers(
    subject: DigestReference,
    attachments: readonly Attachment[],
    session: CopySession,
    { listed, after }: { readonly listed: ReadonlySet<Digest> } & Pick<Moment, 'after'>,
  ): Promise<void> {
    const unlisted: Manifest[] = [];
    for (const attachment of attachments) {
      const isListed = await this.#put(attachment, subject, session, after);
      const { manifest } = attachment;
      if (!isListed && !listed.has(manifest.digest)) unlisted.push(manifest);
    }
    await this.#referrers.addUnlisted(subject, unlisted, session);
  }

  /** @returns whether the registry lists it as a referrer */
  async #put(
    { tag, manifest }: Attachment,
    subject: DigestReference,
    session: CopySession,
    after: Moment['after'],
  ): Promise<boolean> {
    return tag === undefined
      ? this.#putManifest(manifest, subject, session, after)
      : this.#putClassic(manifest, atTag(subject, tag), session, after);
  }

  async #restore(manifest: Manifest, subject: Repository, session: CopySession): Promise<void> {
    const tree = await readTree(this.#source, manifest, session);
    await this.#writer.restore(tree, atDigest(subject, manifest.digest), session);
  }

  /** @returns whether the registry lists it as a referrer */
  async #putManifest(
    manifest: Manifest,
    reference: DigestReference | TagReference,
    session: CopySession,
    after: Moment['after'],
  ): Promise<boolean> {
    const at = reference.kind === 'tag' ? reference : atDigest(reference, manifest.digest);
    const tree = await readTree(this.#source, manifest, session);
    await this.#writer.writeContents(tree, session);
    await after;
    const { subjectIndexed } = await this.#writer.writeManifest(tree, at, session);
    if (!subjectIndexed || manifest.subject === undefined) return false;
    return this.#referrers.hasApi(atDigest(reference, manifest.subject.digest), session);
  }

  async #putClassic(
    manifest: Manifest,
    reference: TagReference,
    session: CopySession,
    after: Moment['after'],
  ): Promise<boolean> {
    const { options } = session;
    const held = await this.#target.head(reference, options);
    if (held?.digest === manifest.digest) {
      if (session.repairs) await this.#restore(manifest, reference, session);
      return false;
    }
    const atTarget = held && (await this.#target.getManifest(reference, options));
    // An SBOM is replaced, not added to: two would contradict each other.
    const merge =
      atTarget === undefined || reference.tag.endsWith('.sbom')
        ? { kind: 'replace' as const }
        : mergeClassic(atTarget, manifest);
    if (merge.kind === 'keep') {
      // Its signatures stand there among others; their payloads are blobs of their own.
      if (session.repairs) await this.#writeContents(manifest, session);
      return false;
    }
    if (merge.kind === 'replace') return this.#putManifest(manifest, reference, session, after);
    this.#logger.info('the target has signatures of its own; adding to them', {
      tag: formatReference(reference),
    });
    await this.#writeContents(manifest, session);
    await after;
    await this.#target.putManifest(reference, merge.manifest, options);
    session.tally.manifests += 1;
    return false;
  }

  async #writeContents(manifest: Manifest, session: CopySession): Promise<void> {
    await this.#writer.writeContents(await readTree(this.#source, manifest, session), session);
  }
}
