import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { X509Certificate } from 'node:crypto';
import { errorMessage } from '../errors.ts';
import { unavailable, type TrustRoot } from './trust-root.ts';

/** Kept beside the roots, so that sigstore-js' types do not become part of the library's own. */
const materials = new WeakMap<TrustRoot, TrustMaterial>();

/** What sigstore-js checks with. */
export function trustMaterial(root: TrustRoot): TrustMaterial {
  const material = materials.get(root);
  if (material === undefined) throw unavailable(`${root.location} was not read as a trust root.`);
  return material;
}

/**
 * Understands a `trusted_root.json`.
 *
 * @param where - for messages
 * @throws SignatureError `TRUST_ROOT_UNAVAILABLE`
 */
export function parseTrustRoot(text: string, where: string): TrustRoot {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    assertUsable(root);
    const parsed = { location: where };
    materials.set(parsed, toTrustMaterial(root));
    return parsed;
  } catch (error) {
    throw unavailable(
      `${where} is not a usable trusted_root.json: ${errorMessage(error)}. Write it with "cosign trusted-root create", or take the one your Sigstore publishes.`,
      error,
    );
  }
}

function assertUsable(root: TrustedRoot): void {
  if (root.certificateAuthorities.length === 0) {
    throw new Error('it names no certificate authority');
  }
  if (root.tlogs.length === 0 && root.timestampAuthorities.length === 0) {
    throw new Error('it names neither a transparency log nor a timestamp authority');
  }
  // The library would believe a log without a beginning at any time.
  for (const log of [...root.tlogs, ...root.ctlogs]) {
    if (log.publicKey?.validFor?.start === undefined) {
      throw new Error(
        `the log ${log.baseUrl} does not say since when it is valid (validFor.start)`,
      );
    }
    if (log.logId === undefined && log.checkpointKeyId === undefined) {
      throw new Error(`the log ${log.baseUrl} has no logId`);
    }
  }
  for (const authority of [...root.certificateAuthorities, ...root.timestampAuthorities]) {
    const certificates = authority.certChain?.certificates ?? [];
    if (certificates.length === 0) {
      throw new Error(`the authority ${authority.uri} has no certificates`);
    }
    // The library looks into a certificate only when a signature is held against it.
    for (const { rawBytes } of certificates) assertCertificate(rawBytes, authority.uri);
  }
}

function assertCertificate(der: Uint8Array, uri: string): void {
  try {
    void new X509Certificate(der);
  } catch (error) {
    throw new Error(`the authority ${uri} has a certificate that cannot be read`, { cause: error });
  }
}
