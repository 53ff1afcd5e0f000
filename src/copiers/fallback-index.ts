import { MediaType, type Manifest } from '../registry/manifest.ts';

/**
 * Adds manifests to the list of referrers that stands in for the referrers API. Entries of others
 * stay as they are.
 *
 * Source: OCI distribution specification 1.1, "Pushing Manifests with Subject", "Referrers Tag Schema".
 *
 * @param current - the list as it is now, an index; `undefined` if there is none
 * @returns the new list's bytes; `undefined` if it holds everything already
 */
export function addToFallbackIndex(
  current: Manifest | undefined,
  referrers: readonly Manifest[],
): Uint8Array | undefined {
  const body = current === undefined ? emptyIndex() : parse(current);
  const listed = new Set(body.manifests.map(({ digest }) => digest));
  const added = referrers.filter(({ digest }) => !listed.has(digest)).map(describe);
  if (added.length === 0) return undefined;
  return Buffer.from(JSON.stringify({ ...body, manifests: [...body.manifests, ...added] }));
}

interface IndexBody {
  readonly manifests: readonly IndexEntry[];
  readonly [key: string]: unknown;
}

interface IndexEntry {
  readonly digest?: unknown;
  readonly [key: string]: unknown;
}

function emptyIndex(): IndexBody {
  return { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] };
}

function parse(manifest: Manifest): IndexBody {
  return JSON.parse(Buffer.from(manifest.bytes).toString('utf8')) as IndexBody;
}

function describe(manifest: Manifest): IndexEntry {
  const { mediaType, digest, bytes, annotations } = manifest;
  const artifactType =
    manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config?.mediaType : undefined);
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
