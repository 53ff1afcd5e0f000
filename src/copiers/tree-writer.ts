import { RegistryError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Manifest } from '../registry/manifest.ts';
import {
  atDigest,
  formatReference,
  type DigestReference,
  type Reference,
} from '../registry/reference.ts';
import type { PutManifestResult, Registry } from '../registry/registry.ts';
import type { BlobTransfers } from './blob-transfers.ts';
import type { CopySession } from './copy-session.ts';
import { blobsOf, readLeaf, type ManifestTree } from './manifest-tree.ts';
import { isSparse, sparseRefusal } from './platforms.ts';
import { SingleFlight } from './single-flight.ts';

export interface TreeWriterDependencies {
  readonly source: Registry;
  readonly target: Registry;
  readonly blobs: BlobTransfers;
  readonly logger: Logger;
}

// What registries answer to a manifest that refers to something they lack.
const LACKING = /^(?:MANIFEST_BLOB_UNKNOWN|BLOB_UNKNOWN|MANIFEST_UNKNOWN)$/;

/** Writes manifests to the target, always after everything they refer to. */
export class TreeWriter {
  readonly #source: Registry;
  readonly #target: Registry;
  readonly #blobs: BlobTransfers;
  readonly #logger: Logger;
  readonly #children = new SingleFlight();

  constructor({ source, target, blobs, logger }: TreeWriterDependencies) {
    this.#source = source;
    this.#target = target;
    this.#blobs = blobs;
    this.#logger = logger;
  }

  /** Writes what a manifest refers to: blobs, and child manifests with all of theirs. */
  async writeContents(tree: ManifestTree, session: CopySession): Promise<void> {
    await this.#writeContents(tree, session, false);
  }

  /**
   * Writes a manifest whose contents are at the target. Where the target claimed to hold some of
   * them and now says that it does not, they are sent again in full.
   */
  async writeManifest(
    tree: ManifestTree,
    reference: Reference,
    session: CopySession,
  ): Promise<PutManifestResult> {
    const manifest = await this.#manifestOf(tree, session);
    try {
      return await this.#put(reference, manifest, session);
    } catch (error) {
      const refusal = sparseRefusal(error, tree, reference);
      if (refusal !== undefined) throw refusal;
      if (!(error instanceof RegistryError) || !LACKING.test(error.registryCode ?? '')) throw error;
      this.#logger.warn('the target claimed to hold what it lacks; sending it again', {
        manifest: formatReference(reference),
      });
      await this.#writeContents(tree, session, true);
      return this.#put(reference, manifest, session);
    }
  }

  /** Writes what a manifest refers to as far as it was lost, and the manifest if it cannot be read. */
  async restore(
    tree: ManifestTree,
    reference: DigestReference,
    session: CopySession,
  ): Promise<void> {
    await this.#writeContents(tree, session, false);
    if (!(await this.#isReadable(reference, session))) {
      await this.writeManifest(tree, reference, session);
    }
  }

  async #isReadable(reference: DigestReference, { options }: CopySession): Promise<boolean> {
    try {
      return (await this.#target.getManifest(reference, options)) !== undefined;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'DIGEST_MISMATCH') return false;
      throw error;
    }
  }

  async #writeContents(
    tree: ManifestTree,
    session: CopySession,
    isClaimFalse: boolean,
  ): Promise<void> {
    const manifest = await this.#manifestOf(tree, session);
    await session.all([
      ...blobsOf(manifest).map((blob) => this.#blobs.ensure(blob, session, isClaimFalse)),
      ...tree.children.map((child) =>
        isClaimFalse ? this.#rewriteChild(child, session) : this.#writeChild(child, session),
      ),
    ]);
  }

  async #writeChild(child: ManifestTree, session: CopySession): Promise<void> {
    const { options, stopped } = session;
    const reference = atDigest(session.target, child.digest);
    const write = async (): Promise<void> => {
      if (session.repairs) {
        await this.restore(
          { ...child, manifest: await this.#manifestOf(child, session) },
          reference,
          session,
        );
        return;
      }
      const [held, manifest] = await session.all([
        this.#target.head(reference, options),
        this.#manifestOf(child, session),
      ]);
      if (held !== undefined && !isSparse(child)) return;
      const known = { ...child, manifest };
      await this.#writeContents(known, session, false);
      await this.writeManifest(known, reference, session);
    };
    await this.#children.run(formatReference(reference), write, stopped);
  }

  async #rewriteChild(child: ManifestTree, session: CopySession): Promise<void> {
    await this.#writeContents(child, session, true);
    const manifest = await this.#manifestOf(child, session);
    await this.#put(atDigest(session.target, child.digest), manifest, session);
  }

  async #put(
    reference: Reference,
    manifest: Manifest,
    session: CopySession,
  ): Promise<PutManifestResult> {
    session.stopped.throwIfAborted();
    const result = await this.#target.putManifest(reference, manifest, session.options);
    session.tally.manifests += 1;
    return result;
  }

  async #manifestOf(tree: ManifestTree, session: CopySession): Promise<Manifest> {
    return tree.manifest ?? readLeaf(this.#source, tree.digest, session);
  }
}
