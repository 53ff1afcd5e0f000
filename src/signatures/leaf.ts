import { X509Certificate } from '@sigstore/core';
import { SignatureError } from '../errors.ts';
import { fulcioExtensions } from './fulcio.ts';
import { invalid } from './reject.ts';

/** A signer's certificate, as read; who it names is proved only by checking its chain. */
export interface Leaf {
  readonly der: Buffer;
  readonly subject: string;
  readonly issuer: string;
  /** Fulcio's extensions by name. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** The certificate logs that promised to publish it. */
  readonly certificateLogs: readonly Buffer[];
}

const SUBJECT_ALT_NAME = '2.5.29.17';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
/** General names that Fulcio gives to workflows and to people. */
const EMAIL = 1;
const URI = 6;

/**
 * Reads a signer's certificate and checks what @sigstore/verify leaves open: that it is made for
 * signing code, that it is not an authority, and that it names one identity in plain ASCII (the
 * library drops each byte's high bit, so that other bytes would read as the wanted name).
 *
 * @throws SignatureError
 */
export function readLeaf(der: Buffer<ArrayBuffer>): Leaf {
  try {
    return parse(der);
  } catch (error) {
    if (error instanceof SignatureError) throw error;
    throw invalid('the certificate cannot be read', error);
  }
}

function parse(der: Buffer<ArrayBuffer>): Leaf {
  const certificate = X509Certificate.parse(der);
  const usages = certificate.extension(EXTENDED_KEY_USAGE)?.valueObj.subs[0]?.subs ?? [];
  if (!usages.some((usage) => usage.toOID() === CODE_SIGNING)) {
    throw invalid('the certificate is not for signing code (extended key usage)');
  }
  if (certificate.isCA || certificate.extBasicConstraints?.isCA === true) {
    throw invalid("the certificate is an authority's, not a signer's");
  }
  const extensions = fulcioExtensions(certificate);
  const issuer = extensions['issuer'] ?? extensions['issuerV1'];
  if (issuer === undefined)
    throw invalid('the certificate does not say who vouched for the signer');
  return {
    der,
    subject: subjectOf(certificate),
    issuer,
    extensions,
    validFrom: certificate.notBefore,
    validTo: certificate.notAfter,
    certificateLogs: certificate.extSCT?.signedCertificateTimestamps.map((sct) => sct.logID) ?? [],
  };
}

function subjectOf(certificate: X509Certificate): string {
  const names = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw invalid(`the certificate names ${names.length} identities; one is expected`);
  }
  if (!name.tag.isContextSpecific(URI) && !name.tag.isContextSpecific(EMAIL)) {
    throw invalid('the certificate names its identity neither as a URI nor as an e-mail address');
  }
  if (name.value.some((byte) => byte < 0x20 || byte > 0x7e)) {
    throw invalid("the certificate's identity is not plain ASCII");
  }
  return name.value.toString('latin1');
}
