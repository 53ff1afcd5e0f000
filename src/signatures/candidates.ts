import type { Descriptor } from '../registry/manifest.ts';
import { formatReference, type DigestReference } from '../registry/reference.ts';
import type { RegistryReader } from '../registry/registry.ts';
import type { Options } from '../options.ts';
import { isBundleMediaType, readBundle } from './bundle.ts';
import { ClassicMediaType, readClassic } from './classic.ts';
import type { Attachment } from './discover.ts';
import { invalid } from './reject.ts';
import type { SignaturePlace } from './signature-verifier.ts';
import type { Signed } from './signed.ts';

/** A layer that, by its media type, holds a signature or an attestation. */
export interface Candidate {
  readonly place: SignaturePlace;
  /** The tag or the digest of the manifest it is in. */
  readonly reference: string;
  readonly layer: Descriptor;
}

/** As many as one classic manifest may hold. Each costs a verification. */
export const MAX_CANDIDATES = 1000;
/** A classic payload takes 250 bytes, and what the signer adds to it. */
export const MAX_PAYLOAD_BYTES: number = 64 * 1024;
/** A signature's bundle takes 10 KiB; an attestation's grows with what it attests. */
export const MAX_BUNDLE_BYTES: number = 16 * 1024 * 1024;

const CLASSIC_TYPES: ReadonlySet<string> = new Set(Object.values(ClassicMediaType));

/**
 * Lists what may be signatures, the smallest first: of all that is attached to an image those
 * are, while an SBOM may take megabytes.
 *
 * @throws SignatureError there are more than anyone could mean
 */
export function candidatesOf(
  image: DigestReference,
  attachments: readonly Attachment[],
): readonly Candidate[] {
  const candidates = attachments.flatMap(({ place, tag, manifest }) =>
    (manifest.kind === 'image' ? manifest.layers : [])
      .filter(({ mediaType }) => CLASSIC_TYPES.has(mediaType) || isBundleMediaType(mediaType))
      .map((layer) => ({ place, reference: tag ?? manifest.digest, layer })),
  );
  if (candidates.length > MAX_CANDIDATES) {
    throw invalid(
      `${formatReference(image)} carries ${candidates.length} signatures and attestations; at most ${MAX_CANDIDATES} are examined. Ask its publisher to remove what is not needed.`,
    );
  }
  return candidates.sort((a, b) => a.layer.size - b.layer.size);
}

/**
 * Reads a candidate's blob, and what it says.
 *
 * @throws SignatureError it is malformed, or larger than any is
 * @throws RegistryError
 */
export async function readCandidate(
  registry: RegistryReader,
  image: DigestReference,
  { layer }: Candidate,
  options: Options,
): Promise<Signed> {
  const isPayload = layer.mediaType === ClassicMediaType.signature;
  const maxBytes = isPayload ? MAX_PAYLOAD_BYTES : MAX_BUNDLE_BYTES;
  if (layer.size > maxBytes) {
    throw invalid(`it takes ${layer.size} bytes; at most ${maxBytes} are read`);
  }
  const bytes = await registry.getBlob(image, layer, { ...options, maxBytes });
  return isBundleMediaType(layer.mediaType)
    ? readBundle(bytes)
    : readClassic(layer, Buffer.from(bytes));
}
