import { TrustedRoot } from '@sigstore/protobuf-specs';

import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { X509Certificate } from 'node:crypto';
import { errorMessage, SignatureError } from '../errors.ts';
import type { Options } from '../options.ts';
import { abandonable } from '../registry/http/clock.ts';

/** Whose logs, certificate and timestamp authorities are believed. */
export interface TrustRoot {
  readonly material: TrustMaterial;
}

/** Where the trust root comes from. */
export interface TrustRootSource {
  /** For people: `public`, a path, a URL. */
  readonly location: string;

  /**
   * Gives the root; read or fetched once, when it is first asked for.
   *
   * @throws SignatureError `TRUST_ROOT_UNAVAILABLE`
   */
  load(options?: Options): Promise<TrustRoot>;
}

/**
 * A source that loads once. A failure is not remembered, nor is one caller's wish to stop the end
 * of another's waiting.
 */
export function trustRootSource(location: string, load: () => Promise<TrustRoot>): TrustRootSource {
  let loading: Promise<TrustRoot> | undefined;
  return {
    location,
    load: async ({ signal } = {}) => {
      signal?.throwIfAborted();
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return await abandonable(loading, signal);
    },
  };
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
    return { material: toTrustMaterial(root) };
  } catch (error) {
    throw unavailable(
      `${where} is not a usable trusted_root.json: ${errorMessage(error)}. Write it with "cosign trusted-root create", or take the one your Sigstore publishes.`,
      error,
    );
  }
}

export function unavailable(message: string, cause?: unknown): SignatureError {
  return new SignatureError('TRUST_ROOT_UNAVAILABLE', message, cause);
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
