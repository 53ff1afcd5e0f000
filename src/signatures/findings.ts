import type { SignatureError } from '../errors.ts';
import type { Candidate } from './candidates.ts';
import type { Judgement } from './judge.ts';
import type { AttestationRequirement } from './policy.ts';
import type { SignatureEvidence, Verification } from './signature-verifier.ts';
import type { Digest } from '../registry/reference.ts';
import type { Claim, Signed } from './signed.ts';
import type { TrustedSigners } from './trusted-signers.ts';

/** What the examination of one image's signatures brought to light. */
export interface Findings {
  readonly signatures: readonly Finding[];
  readonly attestations: ReadonlyMap<AttestationRequirement, Finding>;
  readonly rejected: readonly Rejection[];
  /** How many more are by strangers, and were not proved. */
  readonly unproved: number;
  /** Attestations that nobody asked for, by predicate type. */
  readonly unasked: ReadonlySet<string>;
}

/** A signature or attestation that is accepted. */
export interface Finding {
  readonly candidate: Candidate;
  readonly format: Signed['format'];
  readonly judgement: Judgement;
}

/** One that is not, and why. */
export interface Rejection {
  readonly candidate: Candidate;
  /** What it said it was, where it could be read. */
  readonly claim: Claim | undefined;
  /** Whether it names, or is by, somebody accepted: its fault is what the operator must know. */
  readonly isOurs: boolean;
  readonly error: SignatureError;
}

/** Whether the signatures found are as many, and by whom, the policy asks for. */
export function hasSignatures({ signatures }: Findings, signers: TrustedSigners): boolean {
  const { signatures: wanted } = signers.require;
  if (wanted === 'all') return missingSigners(signatures, signers).length === 0;
  return new Set(signatures.map(({ judgement }) => judgement.signerId)).size >= wanted;
}

/** Whether everything the policy asks for was found. */
export function isMet(findings: Findings, signers: TrustedSigners): boolean {
  return (
    hasSignatures(findings, signers) &&
    signers.require.attestations.every((requirement) => findings.attestations.has(requirement))
  );
}

/** Positions of the accepted signers, identities first, whose signature was not found. */
export function missingSigners(
  signatures: readonly Finding[],
  { identities, keys }: TrustedSigners,
): readonly number[] {
  const found = new Set(signatures.flatMap(({ judgement }) => judgement.accepted));
  return [...Array(identities.length + keys.length).keys()].filter((index) => !found.has(index));
}

/** The evidence of findings that meet the policy. */
export function verificationOf(
  digest: Digest,
  { signatures, attestations }: Findings,
): Verification {
  const [first, ...others] = distinct(signatures).map(evidenceOf);
  if (first === undefined) throw new TypeError('a policy was met without any signature');
  return {
    digest,
    ...first,
    ...(others.length > 0 ? { coSignatures: others } : {}),
    ...(attestations.size > 0
      ? {
          attestations: [...attestations].map(([{ predicateType }, finding]) =>
            Object.assign(evidenceOf(finding), { predicateType }),
          ),
        }
      : {}),
  };
}

function distinct(signatures: readonly Finding[]): readonly Finding[] {
  const bySigner = new Map<string, Finding>();
  for (const finding of signatures) {
    const { signerId } = finding.judgement;
    if (!bySigner.has(signerId)) bySigner.set(signerId, finding);
  }
  return [...bySigner.values()];
}

function evidenceOf({ candidate, format, judgement }: Finding): SignatureEvidence {
  const { signer, signedAt, logIndex } = judgement;
  const { place, reference } = candidate;
  return { format, foundAt: { place, reference }, signer, signedAt, logIndex };
}
