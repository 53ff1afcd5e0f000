import { decodeBase64 } from './json.ts';
import { invalid } from './reject.ts';

const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/;

export interface PemBlock {
  /** `CERTIFICATE`, `PUBLIC KEY`, … */
  readonly label: string;
  readonly der: Buffer<ArrayBuffer>;
}

/**
 * Reads text that is exactly one PEM block: with two, each reader may pick another.
 *
 * @throws SignatureError
 */
export function parsePem(text: string, what: string): PemBlock {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const [, label] = BEGIN.exec(lines[0] ?? '') ?? [];
  if (label === undefined || lines.at(-1) !== `-----END ${label}-----`) {
    throw invalid(`${what} is not one PEM block`);
  }
  return { label, der: decodeBase64(lines.slice(1, -1).join(''), what) };
}

/**
 * Reads text that is exactly one PEM certificate.
 *
 * @throws SignatureError
 */
export function parsePemCertificate(text: string, what: string): Buffer<ArrayBuffer> {
  const { label, der } = parsePem(text, what);
  if (label !== 'CERTIFICATE') throw invalid(`${what} is not a certificate but ${label}`);
  return der;
}
