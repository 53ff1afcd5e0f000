import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import { invalid } from './reject.ts';

/** Log entries, and timestamps, that one signature may bring; each costs a verification. */
const MAX_PROOFS = 8;
/** Certificates take 1 KiB, timestamps 5, signatures less than one. */
const MAX_PART_BYTES: number = 64 * 1024;
/** What is logged repeats the signer, but never the payload. */
const MAX_ENTRY_BYTES: number = 1024 * 1024;
/** A number of 64 bits. */
const MAX_DIGITS = 20;
/** A log whose proof is longer would have more entries than atoms. */
const MAX_PROOF_HASHES = 64;

/**
 * Checks that the parts of a bundle are of the size such parts have. What the library reads of
 * them, it reads before anything is proved; numbers and certificates of megabytes keep it busy for
 * seconds.
 *
 * @throws SignatureError
 */
export function assertBounded({ content, verificationMaterial: material }: Bundle): void {
  const timestamps = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  const { tlogEntries: entries } = material;
  if (entries.length > MAX_PROOFS || timestamps.length > MAX_PROOFS) {
    throw invalid(
      `it brings ${entries.length} log entries and ${timestamps.length} timestamps; at most ${MAX_PROOFS} of each are examined`,
    );
  }
  assertSize(
    'signature',
    content.$case === 'messageSignature'
      ? content.messageSignature.signature
      : content.dsseEnvelope.signatures[0]?.sig,
  );
  for (const certificate of certificatesOf(material)) assertSize('certificate', certificate);
  for (const { signedTimestamp } of timestamps) assertSize('timestamp', signedTimestamp);
  for (const entry of entries) assertEntryBounded(entry);
}

function certificatesOf({ content }: Bundle['verificationMaterial']): readonly Uint8Array[] {
  if (content.$case === 'certificate') return [content.certificate.rawBytes];
  if (content.$case === 'publicKey') return [];
  return content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
}

function assertEntryBounded(entry: TransparencyLogEntry): void {
  const { logIndex, integratedTime, inclusionPromise, inclusionProof: proof } = entry;
  const numbers = [logIndex, integratedTime, proof?.logIndex, proof?.treeSize];
  if (numbers.some((text = '') => text.length > MAX_DIGITS)) {
    throw invalid('the log entry has a number that is longer than any');
  }
  if ((proof?.hashes.length ?? 0) > MAX_PROOF_HASHES) {
    throw invalid('the log entry has a proof that is longer than any');
  }
  assertSize('log entry', entry.canonicalizedBody, MAX_ENTRY_BYTES);
  assertSize('promise of the log', inclusionPromise?.signedEntryTimestamp);
  assertSize('checkpoint', Buffer.from(proof?.checkpoint?.envelope ?? ''));
}

function assertSize(part: string, bytes: Uint8Array | undefined, max = MAX_PART_BYTES): void {
  if (bytes !== undefined && bytes.byteLength > max) {
    throw invalid(`its ${part} takes ${bytes.byteLength} bytes; at most ${max} are examined`);
  }
}
