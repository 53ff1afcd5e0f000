import { VerificationError, type TrustMaterial } from '@sigstore/verify';
import { SignatureError } from '../errors.ts';
import type { Leaf } from './leaf.ts';
import { invalid, reasonOf } from './reject.ts';
import type { Signed } from './signed.ts';

/**
 * Says in the operator's words which check failed. The library names neither the log nor the
 * times it compared.
 */
export function explain(error: unknown, signed: Signed, trust: TrustMaterial): SignatureError {
  if (error instanceof SignatureError) return error;
  if (!(error instanceof VerificationError)) {
    return invalid(`it is malformed: ${reasonOf(error)}`, error);
  }
  return invalid(failedCheck(error, signed, trust), error);
}

function failedCheck(error: VerificationError, signed: Signed, trust: TrustMaterial): string {
  const message = reasonOf(error);
  switch (error.code) {
    case 'SIGNATURE_ERROR':
      return 'the signature does not match the signed bytes';
    case 'TIMESTAMP_ERROR':
      return message.startsWith('expected')
        ? 'nothing proves when it was made: it brings no dated log entry and no timestamp'
        : `its timestamp does not hold: ${message}`;
    case 'CERTIFICATE_ERROR':
      return certificateReason(message, signed, trust);
    case 'TLOG_ERROR':
      return message.startsWith('expected')
        ? 'it is not in a transparency log'
        : `its log entry does not hold: ${message}`;
    case 'TLOG_BODY_ERROR':
      return `its log entry is of another signature: ${message}`;
    case 'NOT_IMPLEMENTED_ERROR':
    case 'PUBLIC_KEY_ERROR':
    case 'TLOG_INCLUSION_PROMISE_ERROR':
    case 'TLOG_INCLUSION_PROOF_ERROR':
    case 'TLOG_MISSING_INCLUSION_ERROR':
      break;
  }
  return unknownLog(signed, trust) ?? `its log entry does not hold: ${message}`;
}

function certificateReason(
  message: string,
  { leaf, bundle }: Signed,
  trust: TrustMaterial,
): string {
  if (leaf === undefined) return message;
  if (message.includes('SCT')) return certificateLogReason(message, leaf, trust);
  const times = bundle.verificationMaterial.tlogEntries
    .filter(({ inclusionPromise }) => inclusionPromise !== undefined)
    .map(({ integratedTime }) => new Date(Number(integratedTime) * 1000));
  const outside = times.find((time) => !(leaf.validFrom <= time && time <= leaf.validTo));
  if (outside !== undefined) {
    return `it was logged at ${iso(outside)}, outside its certificate's time, ${iso(leaf.validFrom)} to ${iso(leaf.validTo)}`;
  }
  return 'its certificate was not issued by an authority of the trust root, or not at that time';
}

function certificateLogReason(message: string, leaf: Leaf, trust: TrustMaterial): string {
  const logs = leaf.certificateLogs;
  const unknown = logs.find((id) => !trust.ctlogs.some(({ logID }) => logID.equals(id)));
  if (unknown !== undefined) {
    return `its certificate was published in the log ${unknown.toString('hex')}, which the trust root does not list`;
  }
  return logs.length === 0
    ? 'its certificate was not published in a certificate log (no SCT)'
    : `the publication of its certificate does not hold: ${message}`;
}

function unknownLog({ bundle }: Signed, trust: TrustMaterial): string | undefined {
  const unknown = bundle.verificationMaterial.tlogEntries
    .map(({ logId }) => logId?.keyId ?? Buffer.alloc(0))
    .find((id) => !trust.tlogs.some(({ logID }) => logID.equals(id)));
  return unknown === undefined
    ? undefined
    : `its log entry is of the log ${unknown.toString('hex')}, which the trust root does not list`;
}

function iso(time: Date): string {
  return Number.isNaN(time.getTime()) ? 'no time' : time.toISOString();
}
