import { describePolicy } from '../signatures/describe-policy.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../signatures/policy.ts';
import { parseDuration } from './duration.ts';
import type { PolicySettings, RequirementSettings, RequireSettings } from './policy.ts';
import type { TrustRootLocation, VerifyConfig } from './shared-config.ts';
import type { VerifySettings } from './verify.ts';

/** Gives the validated section the form that verification takes. */
export function toVerify(settings: VerifySettings): VerifyConfig {
  const { mode, grace, trustRoot, overrides } = settings;
  const policy = toPolicy(settings, VENDOR_POLICY);
  return {
    mode,
    graceSeconds: parseDuration(grace),
    policy,
    overrides: overrides.map((override) => ({
      match: override.match,
      policy: toPolicy(override, policy),
    })),
    trustRoot: toTrustRoot(trustRoot),
  };
}

function toTrustRoot(settings: VerifySettings['trustRoot']): TrustRootLocation {
  if (typeof settings !== 'string') return { kind: 'tuf', ...settings };
  return settings === 'public' ? { kind: 'public' } : { kind: 'file', path: settings };
}

/** Whoever names accepted signers means these alone: lists are replaced together, never merged. */
function toPolicy(settings: PolicySettings, base: SignaturePolicy): SignaturePolicy {
  const { identities, keys } = settings;
  const require = settings.require === undefined ? base.require : toRequire(settings.require);
  if (identities === undefined && keys === undefined) return { ...base, require };
  return {
    identities: identities ?? [],
    keys: (keys ?? []).map(({ name, pem, requireLog }, index) => ({
      name: name ?? `key ${index + 1}`,
      pem,
      requireLog,
    })),
    require,
  };
}

function toRequire(settings: RequireSettings): SignaturePolicy['require'] {
  if (!isList(settings)) return { signatures: settings, attestations: [] };
  return {
    signatures: settings.find(({ signatures }) => signatures !== undefined)?.signatures ?? 1,
    attestations: settings.flatMap(({ attestation, builderId, sourceRepository }) =>
      attestation === undefined
        ? []
        : [
            {
              predicateType: attestation,
              ...(builderId !== undefined && { builderId }),
              ...(sourceRepository !== undefined && { sourceRepository }),
            },
          ],
    ),
  };
}

function isList(settings: RequireSettings): settings is readonly RequirementSettings[] {
  return Array.isArray(settings);
}

/** Whose signatures are accepted, a line for all images and one for each exception. */
export function describeVerify({
  policy,
  overrides,
}: Pick<VerifyConfig, 'policy' | 'overrides'>): readonly string[] {
  return [
    `Accepted signers: ${describePolicy(policy)}`,
    ...overrides.map(
      (override) => `Accepted signers of ${override.match}: ${describePolicy(override.policy)}`,
    ),
  ];
}
