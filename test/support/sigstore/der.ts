import { sign, type KeyObject } from 'node:crypto';

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

/** The DER of a public key. */
export function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

export function toPem(der: Uint8Array, label: 'CERTIFICATE' | 'PUBLIC KEY'): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/**
 * Changes what a certificate says, without changing its length, and signs it again: for
 * certificates that no honest authority issues.
 */
export function reissue(certificate: Buffer, issuer: KeyObject, from: Buffer, to: Buffer): Buffer {
  if (from.length !== to.length) throw new RangeError('the change must not alter the length');
  const [tbs, algorithm] = children(certificate);
  const at = tbs?.indexOf(from) ?? -1;
  if (tbs === undefined || algorithm === undefined || at === -1) {
    throw new RangeError('the certificate does not hold the bytes to change');
  }
  const changed = Buffer.concat([tbs.subarray(0, at), to, tbs.subarray(at + to.length)]);
  const signature = Buffer.concat([Buffer.from([0]), sign('sha384', changed, issuer)]);
  return encode(SEQUENCE, Buffer.concat([changed, algorithm, encode(BIT_STRING, signature)]));
}

/** The elements of a DER sequence, with their headers. */
function children(sequence: Buffer): Buffer[] {
  const { start, end } = content(sequence, 0);
  const found: Buffer[] = [];
  for (let at = start; at < end;) {
    const child = content(sequence, at);
    found.push(sequence.subarray(at, child.end));
    at = child.end;
  }
  return found;
}

function content(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  const start = at + 2 + bytes;
  return { start, end: start + der.readUIntBE(at + 2, bytes) };
}

function encode(tag: number, bytes: Buffer): Buffer {
  if (bytes.length < 0x80) return Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const significant = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | significant.length]), significant, bytes]);
}
