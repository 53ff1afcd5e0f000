import { describeIdentity } from './identity.ts';
import type { AttestationRequirement, SignaturePolicy } from './policy.ts';

/** A policy in words: who must have signed, and what else is asked for. */
export function describePolicy({ identities, keys, require }: SignaturePolicy): string {
  const signers = [
    ...identities.map(describeIdentity),
    ...keys.map(({ name, requireLog }) => `the key ${name}${requireLog ? '' : ', logged or not'}`),
  ];
  const { signatures, attestations } = require;
  const who = signatures === 'all' ? signers.join('; and ') : signers.join('; or ');
  const count = typeof signatures === 'number' && signatures > 1 ? `${signatures} of: ` : '';
  const gates = attestations.map((each) => `; with the attestation ${describeRequirement(each)}`);
  return `${count}${who}${gates.join('')}`;
}

/** An attestation that is asked for, and the conditions on it. */
export function describeRequirement(requirement: AttestationRequirement): string {
  const { predicateType, builderId, sourceRepository } = requirement;
  return [
    predicateType,
    ...(builderId === undefined ? [] : [`builder ${builderId}`]),
    ...(sourceRepository === undefined ? [] : [`source ${sourceRepository}`]),
  ].join(', ');
}
