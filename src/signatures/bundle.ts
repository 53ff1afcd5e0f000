import {
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  bundleFromJSON,
  ValidationError,
  type Bundle,
} from '@sigstore/bundle';
import { assertBounded } from './bundle-bounds.ts';
import { parseJsonObject, type JsonObject } from './json.ts';
import { readLeaf, type Leaf } from './leaf.ts';
import { invalid, reasonOf, shown } from './reject.ts';
import type { Signed } from './signed.ts';
import { readStatement } from './statement.ts';

const MEDIA_TYPES: ReadonlySet<unknown> = new Set([
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
]);

/** Whether a layer of this media type is a Sigstore bundle, of whatever version. */
export function isBundleMediaType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}

/**
 * Reads a Sigstore bundle.
 *
 * @throws SignatureError
 */
export function readBundle(bytes: Uint8Array): Signed {
  const json = parseJsonObject(bytes, 'the bundle');
  if (!MEDIA_TYPES.has(json['mediaType'])) {
    throw invalid(`the bundle is of an unknown version, ${shown(json['mediaType'])}`);
  }
  const bundle = toBundle(json);
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw invalid('the bundle signs a bare digest, where a statement about the image is expected');
  }
  return {
    format: 'bundle',
    bundle,
    artifact: undefined,
    claim: readStatement(bundle.content.dsseEnvelope),
    leaf: leafOf(bundle),
  };
}

/**
 * Turns a bundle's JSON into the library's type, within bounds.
 *
 * @throws SignatureError
 */
export function toBundle(json: JsonObject): Bundle {
  const bundle = validated(json);
  assertBounded(bundle);
  return bundle;
}

/** The signer's certificate in a bundle, or none where it was signed by a bare key. */
export function leafOf({ verificationMaterial: { content } }: Bundle): Leaf | undefined {
  if (content.$case === 'publicKey') return undefined;
  const certificate =
    content.$case === 'certificate'
      ? content.certificate
      : content.x509CertificateChain.certificates[0];
  return readLeaf(Buffer.from(certificate?.rawBytes ?? ''));
}

function validated(json: JsonObject): Bundle {
  try {
    return bundleFromJSON(json);
  } catch (error) {
    const fields = error instanceof ValidationError ? ` (${error.fields.join(', ')})` : '';
    throw invalid(`the bundle is malformed: ${reasonOf(error)}${fields}`, error);
  }
}
