import type { X509Certificate } from '@sigstore/core';
import { decodeUtf8 } from './json.ts';
import { invalid } from './reject.ts';

const FULCIO_ARC = '1.3.6.1.4.1.57264.1.';

/**
 * What Fulcio writes into a certificate about the signer's token, by the number under its arc.
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
 */
const NAMES: Readonly<Record<number, string>> = {
  1: 'issuerV1',
  2: 'githubWorkflowTrigger',
  3: 'githubWorkflowSHA',
  4: 'githubWorkflowName',
  5: 'githubWorkflowRepository',
  6: 'githubWorkflowRef',
  8: 'issuer',
  9: 'buildSignerURI',
  10: 'buildSignerDigest',
  11: 'runnerEnvironment',
  12: 'sourceRepositoryURI',
  13: 'sourceRepositoryDigest',
  14: 'sourceRepositoryRef',
  15: 'sourceRepositoryIdentifier',
  16: 'sourceRepositoryOwnerURI',
  17: 'sourceRepositoryOwnerIdentifier',
  18: 'buildConfigURI',
  19: 'buildConfigDigest',
  20: 'buildTrigger',
  21: 'runInvocationURI',
  22: 'sourceRepositoryVisibilityAtSigning',
  23: 'deploymentEnvironment',
  24: 'tokenSubject',
};

/** The first numbers hold the text itself; later ones wrap it as a DER UTF8String. */
const LAST_RAW = 6;
const UTF8_STRING = 0x0c;

/** The names an identity's `extensions` may use. */
export const FULCIO_EXTENSIONS: readonly string[] = Object.values(NAMES);

/**
 * Reads Fulcio's extensions of a certificate, by name.
 *
 * @throws SignatureError one is malformed or stands there twice
 */
export function fulcioExtensions(certificate: X509Certificate): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const extension of certificate.extensions) {
    const oid = extension.subs[0]?.toOID() ?? '';
    const number = oid.startsWith(FULCIO_ARC) ? Number(oid.slice(FULCIO_ARC.length)) : Number.NaN;
    const name = NAMES[number];
    if (name === undefined) continue;
    if (Object.hasOwn(found, name)) throw invalid(`the certificate has ${name} twice`);
    const value = extension.subs.at(-1)?.value ?? Buffer.alloc(0);
    found[name] = number <= LAST_RAW ? text(value, name) : text(unwrap(value, name), name);
  }
  return found;
}

function unwrap(der: Buffer, name: string): Buffer {
  const [tag, first = 0] = der;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (tag === UTF8_STRING && lengthBytes <= 3 && der.length >= 2 + lengthBytes) {
    const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
    const start = 2 + lengthBytes;
    if (start + length === der.length) return der.subarray(start);
  }
  throw invalid(`the certificate's ${name} is not a UTF-8 string`);
}

function text(bytes: Buffer, name: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw invalid(`the certificate's ${name} is not UTF-8`, error);
  }
}
