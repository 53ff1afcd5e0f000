import { SignatureError, type SignatureErrorCode } from '../errors.ts';
import { formatReference, type DigestReference } from '../registry/reference.ts';
import { describeRequirement } from './describe-policy.ts';
import { fallbackTag, type Attachment } from './discover.ts';
import { hasSignatures, missingSigners, type Findings, type Rejection } from './findings.ts';
import { shown } from './reject.ts';
import { describeSigner, describeSigners, type TrustedSigners } from './trusted-signers.ts';

/** Of many rejected signatures, so many are told. */
const MAX_TOLD = 5;

/**
 * Says why an image is refused: whether it is not signed (yet), signed by somebody else, or
 * carries a signature that does not hold. People lose days where these look alike.
 */
export function verdict(
  image: DigestReference,
  attachments: readonly Attachment[],
  findings: Findings,
  signers: TrustedSigners,
): SignatureError {
  const unmet = hasSignatures(findings, signers)
    ? missingAttestation(findings, signers)
    : missingSignature(image, attachments, findings, signers);
  const { code, problem, rejected } = unmet;
  const told = rejected
    .toSorted((a, b) => Number(b.isOurs) - Number(a.isOurs))
    .slice(0, MAX_TOLD)
    .map(tell);
  const untold = rejected.length - told.length + findings.unproved;
  const more = untold > 0 ? [`and ${untold} more`] : [];
  const details = told.length === 0 ? '' : ` Found: ${[...told, ...more].join('; ')}.`;
  return new SignatureError(
    code,
    `${formatReference(image)} ${problem}.${details} ${nextStep(code, signers)}`,
    rejected[0]?.error,
  );
}

interface Unmet {
  readonly code: SignatureErrorCode;
  /** A clause that follows the image's name. */
  readonly problem: string;
  readonly rejected: readonly Rejection[];
}

function missingSignature(
  image: DigestReference,
  attachments: readonly Attachment[],
  findings: Findings,
  signers: TrustedSigners,
): Unmet {
  const rejected = findings.rejected.filter(({ claim }) => claim?.kind !== 'attestation');
  if (findings.signatures.length > 0) {
    // Whoever else signed is no obstacle to the signer who has not yet.
    const broken = rejected.filter(({ error }) => error.code === 'SIGNATURE_INVALID');
    return {
      code: codeOf(broken),
      problem: `lacks a signature that is asked for: ${lacking(findings, signers)}`,
      rejected,
    };
  }
  const code = codeOf(rejected);
  const problems: Readonly<Partial<Record<SignatureErrorCode, string>>> = {
    SIGNER_UNTRUSTED: 'is signed, but by nobody who is accepted',
    SIGNATURE_INVALID: 'carries a signature that does not hold',
  };
  const nothing = (): string => `is not signed: ${whatIsThere(image, attachments, findings)}`;
  return { code, problem: problems[code] ?? nothing(), rejected };
}

function missingAttestation(findings: Findings, { require }: TrustedSigners): Unmet {
  const lacking = require.attestations.filter(
    (requirement) => !findings.attestations.has(requirement),
  );
  const types = new Set(lacking.map(({ predicateType }) => predicateType));
  const rejected = findings.rejected.filter(
    ({ claim }) => claim?.kind !== 'signature' && (!claim || types.has(claim.predicateType)),
  );
  return {
    code: codeOf(rejected),
    problem: `is signed, but lacks an attestation that is asked for: ${lacking.map(describeRequirement).join('; ')}`,
    rejected,
  };
}

/**
 * A signature of ours that does not hold says more than a valid one of somebody else's, and that
 * more than whatever else is wrong.
 */
function codeOf(rejected: readonly Rejection[]): SignatureErrorCode {
  if (rejected.some(({ isOurs }) => isOurs)) return 'SIGNATURE_INVALID';
  const codes = new Set(rejected.map(({ error }) => error.code));
  if (codes.has('SIGNER_UNTRUSTED')) return 'SIGNER_UNTRUSTED';
  return codes.size > 0 ? 'SIGNATURE_INVALID' : 'SIGNATURE_MISSING';
}

function whatIsThere(
  image: DigestReference,
  attachments: readonly Attachment[],
  { unasked }: Findings,
): string {
  if (unasked.size > 0) {
    const types = [...unasked].slice(0, MAX_TOLD).map(shown).join(', ');
    return `it carries attestations (${types}), which are no signatures`;
  }
  if (attachments.length > 0) {
    return `of the ${attachments.length} manifests attached to it none is a Cosign signature`;
  }
  const tag = fallbackTag(image);
  return `nothing is attached to it, neither as a referrer nor at the tags ${tag} and ${tag}.sig`;
}

function lacking({ signatures }: Findings, signers: TrustedSigners): string {
  const { signatures: wanted } = signers.require;
  const by = new Set(signatures.map(({ judgement: { signer } }) => describeFound(signer)));
  const found = `it is signed by ${[...by].join(' and ')}`;
  if (wanted !== 'all') return `${wanted} different signers must have signed, and ${found}`;
  const missing = missingSigners(signatures, signers).map((index) =>
    describeSigner(signers, index),
  );
  return `${found}, not by ${missing.join(' nor by ')}`;
}

function describeFound(signer: Findings['signatures'][number]['judgement']['signer']): string {
  return signer.kind === 'key' ? `the key ${signer.name}` : signer.subject;
}

function tell({ candidate: { place, reference }, error }: Rejection): string {
  return `${place === 'classic-tag' ? 'at the tag' : 'in the referrer'} ${reference}, ${error.message}`;
}

function nextStep(code: SignatureErrorCode, signers: TrustedSigners): string {
  if (code === 'SIGNER_UNTRUSTED') {
    return `Accepted: ${describeSigners(signers)}. If the signer is right, add it to the configuration under verify; if not, do not use this image.`;
  }
  return code === 'SIGNATURE_INVALID'
    ? 'Do not use this image; ask its publisher to sign it again.'
    : 'A signature follows its image by some minutes: look again later, or ask its publisher.';
}
