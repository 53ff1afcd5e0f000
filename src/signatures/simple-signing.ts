import { isDigest } from '../registry/reference.ts';
import { objectAt, parseJsonObject } from './json.ts';
import { invalid, shown } from './reject.ts';
import type { SignatureClaim } from './signed.ts';

const COSIGN_TYPE = 'cosign container image signature';

/**
 * Reads the payload of a classic signature.
 * https://github.com/containers/image/blob/main/docs/containers-signature.5.md
 *
 * The `docker-reference` in it is not compared: a mirrored image is meant to live elsewhere, and
 * the digest names it already.
 *
 * @throws SignatureError
 */
export function readSimpleSigning(payload: Buffer): SignatureClaim {
  const critical = objectAt(parseJsonObject(payload, 'the signed payload'), 'critical');
  if (critical['type'] !== COSIGN_TYPE) {
    throw invalid(`the signed payload is of type ${shown(critical['type'])}, not "${COSIGN_TYPE}"`);
  }
  const digest = objectAt(critical, 'image')['docker-manifest-digest'];
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw invalid(`the signed payload names no image, but ${shown(digest)}`);
  }
  return { kind: 'signature', digests: [digest] };
}
