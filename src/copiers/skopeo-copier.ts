import pLimit from 'p-limit';
import { silentLogger } from '../log.ts';
import type { Options } from '../options.ts';
import type { Descriptor } from '../registry/manifest.ts';
import type { Credential } from '../registry/credentials.ts';
import type { HostSettings } from '../registry/hosts.ts';
import type { Environment } from '../registry/http/agents.ts';
import { atDigest, type Repository } from '../registry/reference.ts';
import { BlobTransfers } from './blob-transfers.ts';
import { createCopier, type CopierOptions } from './copy-image.ts';
import type { CopySession } from './copy-session.ts';
import type { ImageCopier } from './image-copier.ts';
import { blobsOf, digestsOf, readManifest, type ManifestTree } from './manifest-tree.ts';
import { isSparse } from './platforms.ts';
import { checkSkopeo, runSkopeoCopy } from './skopeo-command.ts';
import type { SkopeoHost } from './skopeo-session.ts';
import { TreeWriter } from './tree-writer.ts';

export interface SkopeoCopierOptions extends CopierOptions {
  /** Who one is at a registry, found as our own client finds it. */
  readonly credentialFor: (registry: string, options: Options) => Promise<Credential>;
  readonly settingsFor: (registry: string) => HostSettings;
  /** Creates a repository that has to be there before skopeo writes to it. */
  readonly ensureRepository?: (repository: Repository, options: Options) => Promise<void>;
  /** Of this process, by default: skopeo is given what it needs of it. */
  readonly env?: Environment;
  /** Name or path; `skopeo` by default. */
  readonly binary?: string;
  /** Most skopeo processes at once; 4 by default. */
  readonly processes?: number;
  /** Milliseconds that a process may move no byte; as long as it likes by default. */
  readonly silenceMs?: number;
}

const DEFAULT_PROCESSES = 4;
/** Our own transfers are signatures: few and small. */
const BLOB_CONCURRENCY = 4;

/**
 * Copies images by the skopeo binary, and keeps the promises that skopeo leaves to its caller.
 *
 * Skopeo writes to the digest, not to the tag: were the tag its own, it would stand there before the
 * signatures do and before anybody has read it back. Our code carries what is attached, then writes
 * the tag. Indexes within indexes, which skopeo refuses, are put together from their parts.
 */
export function createSkopeoCopier(options: SkopeoCopierOptions): ImageCopier {
  const { source, target, logger = silentLogger, binary = 'skopeo' } = options;
  const { env = process.env, silenceMs } = options;
  const processes = pLimit(options.processes ?? DEFAULT_PROCESSES);
  const blobs = new BlobTransfers(source, target, BLOB_CONCURRENCY);
  const writer = new TreeWriter({ source, target, blobs, logger });
  let isUsable = false;

  const hostOf = async (registry: string, session: CopySession): Promise<SkopeoHost> => ({
    registry,
    credential: await options.credentialFor(registry, session.options),
    settings: options.settingsFor(registry),
  });

  const copyTree = async (tree: ManifestTree, session: CopySession): Promise<void> => {
    // Skopeo takes no index within an index, copies all of an index or none, and only what there is.
    const isOwn = tree.rewrittenFrom !== undefined;
    if (isOwn || isSparse(tree) || tree.children.some(({ children }) => children.length > 0)) {
      for (const child of tree.children) await copyTree(child, session);
      await writer.writeManifest(tree, atDigest(session.target, tree.digest), session);
      return;
    }
    const [from, to] = await session.all([
      hostOf(session.source.registry, session),
      hostOf(session.target.registry, session),
    ]);
    await processes(() =>
      runSkopeoCopy(
        {
          binary,
          env,
          silenceMs,
          from: { host: from, image: atDigest(session.source, tree.digest) },
          to: { host: to, image: atDigest(session.target, tree.digest) },
        },
        session.options,
      ),
    );
    session.tally.manifests += digestsOf(tree).length;
  };

  return createCopier(options, writer, async (tree, session) => {
    if (!isUsable) await checkSkopeo(binary, env, session.options);
    isUsable = true;
    const settle = await countBlobs(tree, options, session);
    await options.ensureRepository?.(session.target, session.options);
    await copyTree(tree, session);
    settle();
    return 'manifest';
  });
}

function manifestsOf(tree: ManifestTree): readonly ManifestTree[] {
  const all = [tree, ...tree.children.flatMap(manifestsOf)];
  return [...new Map(all.map((one) => [one.digest, one])).values()];
}

/**
 * Skopeo does not say in a stable form what it sent. So it is asked beforehand what the target holds;
 * what skopeo mounts counts as sent.
 */
async function countBlobs(
  tree: ManifestTree,
  { source, target }: SkopeoCopierOptions,
  session: CopySession,
): Promise<() => void> {
  const manifests = await session.all(
    manifestsOf(tree).map(async (one) => one.manifest ?? readManifest(source, one.digest, session)),
  );
  const blobs = new Map<string, Descriptor>(
    manifests.flatMap(blobsOf).map((blob) => [blob.digest, blob]),
  );
  const missing = await session.all(
    [...blobs.values()].map(async (blob) => {
      session.tally.expect(blob);
      const isThere = await target.hasBlob(session.target, blob.digest, session.options);
      if (isThere) session.tally.settle(blob, 'present');
      return isThere ? [] : [blob];
    }),
  );
  return () => {
    for (const blob of missing.flat()) session.tally.settle(blob, 'uploaded');
  };
}
