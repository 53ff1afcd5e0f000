import { ConfigError, errorMessage, type ConfigIssue } from '../errors.ts';
import {
  describeIdentity,
  identityProblems,
  trustIdentity,
  type TrustedIdentity,
} from './identity.ts';
import type { SignaturePolicy } from './policy.ts';
import { readPublicKey, type TrustedKey } from './public-key.ts';

/** A policy whose every part is understood. */
export interface TrustedSigners {
  readonly identities: readonly TrustedIdentity[];
  readonly keys: readonly TrustedKey[];
  readonly require: SignaturePolicy['require'];
}

/**
 * Prepares a policy for use.
 *
 * @throws ConfigError carrying every problem
 */
export function trustSigners(policy: SignaturePolicy): TrustedSigners {
  const issues = policyIssues(policy);
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    identities: policy.identities.map(trustIdentity),
    keys: policy.keys.map(readPublicKey),
    require: policy.require,
  };
}

/**
 * Everything that is wrong with a policy.
 *
 * @returns issues whose `path` is relative to the policy: `identities.0.issuer`
 */
export function policyIssues(policy: SignaturePolicy): readonly ConfigIssue[] {
  return [
    ...policy.identities.flatMap((identity, index) =>
      identityProblems(identity).map(({ setting, message }) => ({
        path: `identities.${index}.${setting}`,
        message,
      })),
    ),
    ...policy.keys.flatMap((key, index) => {
      try {
        readPublicKey(key);
        return [];
      } catch (error) {
        return [{ path: `keys.${index}`, message: `${key.name}: ${errorMessage(error)}` }];
      }
    }),
    ...requirementIssues(policy),
  ];
}

/** Who is accepted, in words, for messages. */
export function describeSigners(signers: TrustedSigners): string {
  const count = signers.identities.length + signers.keys.length;
  return Array.from({ length: count }, (_, index) => describeSigner(signers, index)).join('; ');
}

/** One who is accepted, by position: identities first, then keys. */
export function describeSigner({ identities, keys }: TrustedSigners, index: number): string {
  const identity = identities[index];
  if (identity !== undefined) return describeIdentity(identity.policy);
  return `the key ${keys[index - identities.length]?.name ?? ''}`;
}

function requirementIssues({ identities, keys, require }: SignaturePolicy): ConfigIssue[] {
  const signers = identities.length + keys.length;
  if (signers === 0) {
    return [{ path: 'identities', message: 'nobody is accepted: name an identity or a key' }];
  }
  const wanted = require.signatures;
  if (wanted === 'all') return [];
  if (!Number.isSafeInteger(wanted) || wanted < 1) {
    return [{ path: 'require', message: 'the number of signers is 1 or more, or "all"' }];
  }
  const isOpen = identities.some(
    ({ subjectPattern, issuerPattern }) =>
      subjectPattern !== undefined || issuerPattern !== undefined,
  );
  if (wanted > signers && !isOpen) {
    return [
      {
        path: 'require',
        message: `${wanted} different signers are asked for; ${signers} are named`,
      },
    ];
  }
  return [];
}
