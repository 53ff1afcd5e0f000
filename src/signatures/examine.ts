import type { TrustMaterial } from '@sigstore/verify';
import { setImmediate } from 'node:timers/promises';
import { RegistryError, SignatureError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Digest } from '../registry/reference.ts';
import type { Candidate } from './candidates.ts';
import { isMet, type Finding, type Findings, type Rejection } from './findings.ts';
import { isByStranger, judge } from './judge.ts';
import type { AttestationRequirement } from './policy.ts';
import { provenanceDifferences } from './provenance.ts';
import { invalid } from './reject.ts';
import type { AttestationClaim, Claim, Signed } from './signed.ts';
import type { TrustedSigners } from './trusted-signers.ts';

/** How one image's candidates are read, and what they are held against. */
export interface Examination {
  readonly digest: Digest;
  readonly candidates: readonly Candidate[];
  readonly signers: TrustedSigners;
  /** @throws SignatureError, RegistryError */
  readonly read: (candidate: Candidate) => Promise<Signed>;
  readonly trust: () => Promise<TrustMaterial>;
}

/** Signatures by strangers are proved, for the verdict's sake, up to this many. */
const MAX_STRANGERS = 16;

/** What keeps one candidate from being read, and says nothing about the next one. */
const OF_ONE_BLOB: ReadonlySet<string> = new Set([
  'REGISTRY_NOT_FOUND',
  'REGISTRY_REFUSED',
  'DIGEST_MISMATCH',
]);

/**
 * Examines candidates one after the other, until the policy is met. Those by strangers come last:
 * an image that many have signed costs no more than one that the expected signer alone has signed.
 *
 * @throws SignatureError `TRUST_ROOT_UNAVAILABLE`
 * @throws RegistryError a candidate could not be read, and the others do not suffice
 */
export async function examine(examination: Examination, options: Options): Promise<Findings> {
  const { candidates, signers, read } = examination;
  const notes = new Notes();
  const strangers: { readonly candidate: Candidate; readonly signed: Signed }[] = [];
  let unread: RegistryError | undefined;
  for (const candidate of candidates) {
    if (isMet(notes, signers)) return notes;
    options.signal?.throwIfAborted();
    try {
      const signed = await read(candidate);
      if (!isByStranger(signed, signers)) await consider(examination, notes, candidate, signed);
      else if (strangers.length < MAX_STRANGERS) strangers.push({ candidate, signed });
      else notes.unproved += 1;
    } catch (error) {
      if (error instanceof SignatureError && error.code !== 'TRUST_ROOT_UNAVAILABLE') {
        notes.rejected.push({ candidate, claim: undefined, isOurs: false, error });
      } else if (error instanceof RegistryError && OF_ONE_BLOB.has(error.code)) unread ??= error;
      else throw error;
    }
  }
  if (isMet(notes, signers)) return notes;
  if (unread !== undefined) throw unread;
  for (const { candidate, signed } of strangers) {
    await consider(examination, notes, candidate, signed);
  }
  return notes;
}

async function consider(
  { digest, signers, trust }: Examination,
  notes: Notes,
  candidate: Candidate,
  signed: Signed,
): Promise<void> {
  const { claim, format } = signed;
  const asked = askedBy(claim, signers.require.attestations);
  if (claim.kind === 'attestation' && asked.length === 0) {
    notes.unasked.add(claim.predicateType);
    return;
  }
  try {
    const judgement = await judge(signed, digest, signers, trust);
    const finding = { candidate, format, judgement };
    if (claim.kind === 'signature') notes.signatures.push(finding);
    else for (const requirement of asked) notes.attest(requirement, claim, finding);
  } catch (error) {
    if (!(error instanceof SignatureError) || error.code === 'TRUST_ROOT_UNAVAILABLE') throw error;
    const isOurs = error.code === 'SIGNATURE_INVALID' && !isByStranger(signed, signers);
    notes.rejected.push({ candidate, claim, isOurs, error });
  }
  // A proof takes milliseconds of the processor: copies under way get their turn.
  await setImmediate();
}

function askedBy(
  claim: Claim,
  requirements: readonly AttestationRequirement[],
): readonly AttestationRequirement[] {
  return claim.kind === 'signature'
    ? []
    : requirements.filter(({ predicateType }) => predicateType === claim.predicateType);
}

class Notes implements Findings {
  readonly signatures: Finding[] = [];
  readonly attestations = new Map<AttestationRequirement, Finding>();
  readonly rejected: Rejection[] = [];
  readonly unasked = new Set<string>();
  unproved = 0;

  attest(requirement: AttestationRequirement, claim: AttestationClaim, finding: Finding): void {
    const differences = provenanceDifferences(claim.predicate, requirement);
    if (differences.length > 0) {
      const { candidate } = finding;
      const error = invalid(differences.join(', '));
      this.rejected.push({ candidate, claim, isOurs: true, error });
    } else if (!this.attestations.has(requirement)) {
      this.attestations.set(requirement, finding);
    }
  }
}
